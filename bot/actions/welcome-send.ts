import { z } from 'zod'
import type { Material } from '../../models/material.ts'
import { createKept } from '../kept.ts'
import type { WireAttachment } from '../wecom/wire/customer.ts'
import { cutBytes } from '../wecom/xml.ts'
import { within } from '../within.ts'
import { type ActionContext, ActionRefused, defineAction } from './define.ts'
import { freshMedia, uploadMedia } from './media.ts'
import { namedIn } from './named.ts'
import { type MediaSource, sendWelcome } from './welcome-ledger.ts'

/** How long a welcome waits for a picture that was not uploaded ahead; after that it goes without. */
const uploadPatienceMs = 3_000

/** Said where a welcome of pictures alone could not have any of them. */
const plainWelcome = '您好，很高兴认识您！'

/**
 * 新客户欢迎语 (`path/92137`). Does nothing where the event brought no code: the admin console's own welcome, a chat
 * that has begun, or a user of another company's WeCom.
 */
export const welcomeSend = defineAction({
  id: 'welcome.send',
  title: '发送欢迎语',
  summary: 'Sends the welcome of the event’s code.',
  output: z.object({ state: z.string(), missing: z.array(z.string()).optional() }),
  effect: 'contacts-customer',
  needs: ['code'],
  idempotent: true,
  params: z
    .strictObject({ text: z.string().default(''), materials: z.array(z.string()).max(9).default([]) })
    .refine(one => one.text.trim() !== '' || one.materials.length > 0, 'has neither text nor materials'),
  names: params => namedIn('material', params, 'materials'),
  async run(context, { text, materials }) {
    const { welcomeCode } = context.event.data as { welcomeCode?: string }
    if (welcomeCode === undefined) return { state: 'no_code' }
    const relation = await relationOf(context)
    let missing: string[] = []
    const outcome = await sendWelcome(context, welcomeCode, relation, async media => {
      missing = []
      const attachments = await attachmentsOf(context, materials, media, missing)
      // 4,000 bytes at most; something must be left to say where the pictures alone were the welcome.
      const words = text.trim() === '' && attachments.length === 0 ? plainWelcome : text
      const cut = cutBytes(words, 4_000)
      return { text: cut, attachments, sent: { text: cut, attachments: [] } }
    })
    if (outcome.state === 'expired' || outcome.state === 'refused') {
      throw new ActionRefused(`welcome_${outcome.state}`, `欢迎语没有发出（${outcome.errcode ?? ''}）`)
    }
    const mine = outcome.handler === undefined || outcome.handler === context.handler
    return {
      state: outcome.state === 'sent' && !mine ? 'already' : outcome.state,
      ...(missing.length > 0 && { missing }),
    }
  },
})

async function relationOf(context: ActionContext): Promise<string> {
  if (context.relation !== undefined) return context.relation
  const { userid = '', externalUserid = '' } = context.event
  const follow = await context.models.follows
    .findOne(
      { corpId: context.corp.corpId, useridKey: userid.toLowerCase(), externalUserid },
      { relation: 1 },
    )
    .lean()
  return follow?.relation?.first ?? context.event.id
}

/** Materials as attachments, in the order given. One that cannot be had is left out and named in `missing`. */
async function attachmentsOf(
  context: ActionContext,
  keys: readonly string[],
  media: MediaSource,
  missing: string[],
): Promise<WireAttachment[]> {
  if (keys.length === 0) return []
  const found = await materialsOf(context, keys, media)
  const attachments = await Promise.all(
    keys.map(async key => {
      const material = found.find(one => one.key === key)
      const attachment = material === undefined ? undefined : await attachmentOf(context, material, media)
      if (attachment === undefined) missing.push(key)
      return attachment
    }),
  )
  return attachments.filter(attachment => attachment !== undefined)
}

/** A burst of customers asks for the same ones; what the platform has lost is looked at anew. */
const keptMaterials = createKept<Material[]>(1_000)

function materialsOf(
  { models, corp: { corpId } }: ActionContext,
  keys: readonly string[],
  media: MediaSource,
): Promise<Material[]> {
  const find = async (): Promise<Material[]> => models.materials.find({ corpId, key: { $in: keys } }).lean()
  return media === 'held' ? keptMaterials.get(models, JSON.stringify([corpId, ...keys]), find) : find()
}

async function attachmentOf(
  context: ActionContext,
  material: Material,
  media: MediaSource,
): Promise<WireAttachment | undefined> {
  if (material.kind === 'link' && material.url !== undefined) {
    return {
      msgtype: 'link',
      link: {
        title: cutBytes(material.title, 128),
        url: material.url,
        ...(material.description !== undefined && { desc: cutBytes(material.description, 512) }),
      },
    }
  }
  if (material.kind !== 'image' || media === 'none') return undefined
  const held = media === 'held' ? freshMedia(material, Date.now()) : undefined
  const mediaId = held ?? (await uploadInTime(context, material))
  return mediaId === undefined ? undefined : { msgtype: 'image', image: { media_id: mediaId } }
}

/** Files are uploaded ahead (jobs/upkeep); this is for the one that was added a moment ago. */
async function uploadInTime(context: ActionContext, material: Material): Promise<string | undefined> {
  // A picture that cannot be uploaded must not cost the customer the welcome; the output names it as missing.
  const upload = uploadMedia(context.models, context.client, material).catch(() => undefined)
  return within(upload, uploadPatienceMs)
}

import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { freshMedia, uploadMedia } from '../../bot/actions/media.ts'
import type { Material } from '../../models/material.ts'
import type { Send } from '../../models/send.ts'
import { useridKey } from '../../models/userid.ts'
import type { ChatMessage, PreparedSend, SendReport, SendRequest } from '../api.ts'
import type { Api } from './call.ts'
import { openOwnCustomer } from './customer-access.ts'
import type { SidebarDeps } from './deps.ts'
import type { Groups } from './groups.ts'
import { Refused } from './refusals.ts'
import { keyOf, requestKey } from './request-key.ts'
import { fillTexts, isSendable, type SendableMaterial } from './script-views.ts'
import { recordReport } from './send-reports.ts'
import type { Who } from './session.ts'
import { texts } from './texts.ts'

const id = z.string().regex(/^[\w-]{1,64}$/)
const contentKey = z.string().min(1).max(64)
const request = z
  .strictObject({
    key: requestKey,
    to: z.union([z.strictObject({ externalUserid: id }), z.strictObject({ chatId: id })]),
    script: contentKey.optional(),
    part: z.int().min(0).max(99).optional(),
    material: contentKey.optional(),
  })
  .refine(({ script, material, part }) =>
    script === undefined ? material !== undefined && part === undefined : material === undefined,
  )
const report = z.strictObject({
  part: z.int().min(0).max(99),
  ok: z.boolean(),
  errMsg: z.string().max(500),
}) satisfies z.ZodType<SendReport>

/** Sending into the chat that is open: made ready here, sent by the client, and told of here. */
export function addSendRoutes(api: Api, deps: SidebarDeps, groups: Groups): void {
  api.post('sends', async ({ who, body }) => prepare(deps, groups, who, await body(request)))
  api.post('sends/:id', async call => {
    await recordReport(deps, call.who, call.id('id'), await call.body(report))
    return {}
  })
}

async function prepare(
  deps: SidebarDeps,
  groups: Groups,
  who: Who,
  wanted: z.output<typeof request>,
): Promise<PreparedSend> {
  const { models, corpId } = deps
  const customer = await openRecipient(deps, groups, who, wanted.to)
  const key = keyOf(who, wanted.key)
  const known = await models.sends.findOne({ corpId, key }).lean()
  if (known !== null) return preparedOf(known, wanted)
  const { title, parts } = await contentOf(deps, who, wanted, customer)
  const messages = await Promise.all(
    parts.map(part => (typeof part === 'string' ? textMessage(part) : materialMessage(deps, part))),
  )
  if (messages.length === 0) throw new Refused('bad_request', texts.nothingToSend)
  const { script, material, part } = wanted
  const send = {
    sendId: randomUUID(),
    userid: who.userid,
    useridKey: useridKey(who.userid),
    ...wanted.to,
    ...(script !== undefined && { script }),
    ...(material !== undefined && { material }),
    ...(part !== undefined && { part }),
    title,
    messages,
    outcomes: [],
    createdAt: deps.now(),
  }
  const stored = await models.sends
    .findOneAndUpdate({ corpId, key }, { $setOnInsert: send }, { upsert: true, returnDocument: 'after' })
    .orFail()
    .lean()
  return preparedOf(stored, wanted)
}

/** @throws Refused `bad_request` where the key is that of a send to somebody else, or of something else */
function preparedOf(send: Send, { to, script, material, part }: z.output<typeof request>): PreparedSend {
  const { externalUserid, chatId }: { externalUserid?: string; chatId?: string } = to
  const asked = { externalUserid, chatId, script, material, part }
  const same = Object.entries(asked).every(
    ([name, value]) => (send[name as keyof typeof asked] ?? undefined) === value,
  )
  if (!same) throw new Refused('bad_request', texts.keyUsed)
  // What was stored came from here and has the form that it had.
  return { id: send.sendId, messages: send.messages as unknown as ChatMessage[] }
}

/** @returns the customer's nickname; empty for a group */
async function openRecipient(
  { models }: SidebarDeps,
  groups: Groups,
  who: Who,
  to: SendRequest['to'],
): Promise<string> {
  if ('externalUserid' in to)
    return (await openOwnCustomer(models, who, to.externalUserid)).follow.customerName
  const { members } = await groups.open(who, to.chatId, false)
  const inside = members.some(member => useridKey(member.userid) === useridKey(who.userid))
  if (!inside) throw new Refused('not_your_group')
  return ''
}

/** Texts and materials in their order. */
async function contentOf(
  { models, corpId }: SidebarDeps,
  who: Who,
  { script: scriptKey, material: materialKey, part }: z.output<typeof request>,
  customer: string,
): Promise<{ title: string; parts: (string | SendableMaterial)[] }> {
  const materials = async (keys: readonly string[]): Promise<SendableMaterial[]> =>
    (await models.materials.find({ corpId, key: { $in: keys } }).lean<Material[]>()).filter(isSendable)
  if (scriptKey === undefined) {
    const [material] = await materials([materialKey ?? ''])
    if (material === undefined) throw new Refused('not_found', texts.materialGone)
    return { title: `素材《${material.title}》`, parts: [material] }
  }
  const script = await models.scripts.findOne({ corpId, key: scriptKey }).lean()
  if (script === null) throw new Refused('not_found')
  const filled = fillTexts(script, { customer, staff: who.name })
  const chosen = script.parts.map((one, index) => ({ ...one, text: filled[index] ?? '' }))
  const parts = part === undefined ? chosen : chosen.slice(part, part + 1)
  if (parts.length === 0) throw new Refused('not_found', texts.partGone)
  const held = await materials(parts.flatMap(one => one.material ?? []))
  return {
    title: `话术《${script.title}》`,
    parts: parts.flatMap((one): (string | SendableMaterial)[] => {
      if (one.material === undefined) return one.text.trim() === '' ? [] : [one.text]
      const material = held.find(({ key }) => key === one.material)
      if (material === undefined) throw new Refused('not_found', texts.materialGone)
      return [material]
    }),
  }
}

function textMessage(content: string): ChatMessage {
  return { msgtype: 'text', text: { content } }
}

async function materialMessage(deps: SidebarDeps, material: SendableMaterial): Promise<ChatMessage> {
  const { kind, title, description = '', text = '', url = '' } = material
  if (kind === 'text') return textMessage(text)
  // A thumbnail of ours is behind the login, and the client would ask for it without.
  if (kind === 'link') return { msgtype: 'news', news: { link: url, title, desc: description, imgUrl: '' } }
  const fresh = freshMedia(material, deps.now().getTime())
  const mediaid = fresh ?? (await uploadMedia(deps.models, await deps.client(), material))
  if (kind === 'video') return { msgtype: 'video', video: { mediaid } }
  if (kind === 'file') return { msgtype: 'file', file: { mediaid } }
  return { msgtype: 'image', image: { mediaid } }
}

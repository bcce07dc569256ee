import { within } from '../../models/in-time.ts'
import type { Material } from '../../models/material.ts'
import type { WelcomeSent } from '../../models/welcome.ts'
import { createKept } from '../kept.ts'
import type { WireAttachment } from '../wecom/wire/customer.ts'
import { cutBytes } from '../wecom/xml.ts'
import type { ActionContext } from './define.ts'
import { freshMedia, uploadMedia } from './media.ts'
import type { MediaSource, WelcomeContent } from './welcome-ledger.ts'

/** How long a welcome waits for a file that was not uploaded ahead; after that it goes without. */
const uploadPatienceMs = 3_000

/** Said where there is nothing else to say: no text could be filled in, and none of the materials be had. */
const plainWelcome = '您好，很高兴认识您！'

/** For a preview: a file that was not uploaded ahead would be, and is not. */
export const heldOnly = 'would be uploaded'

export interface WantedWelcome {
  text?: string | undefined
  materials: readonly string[]
  fallback?: string | undefined
}

/** What a welcome is made of, within the platform's limits (`path/92137`): what is too long is cut. */
export async function welcomeContent(
  context: ActionContext,
  { text = '', materials: keys, fallback = '' }: WantedWelcome,
  source: MediaSource | typeof heldOnly,
): Promise<WelcomeContent> {
  const found = keys.length === 0 ? [] : await materialsOf(context, keys, source)
  const parts = await Promise.all(
    keys.map(async key => {
      const material = found.find(one => one.key === key)
      return material === undefined ? undefined : partOf(context, material, source)
    }),
  )
  const missing = keys.filter((_key, index) => parts[index] === undefined)
  const had = parts.filter(part => part !== undefined)
  const attachments = had.flatMap(part => ('attachment' in part ? part.attachment : []))
  const isEmpty = text.trim() === ''
  const spoken = [isEmpty ? fallback : text, ...had.flatMap(part => ('text' in part ? part.text : []))]
  const said = spoken.filter(one => one.trim() !== '').join('\n\n')
  const nothing = said === '' && attachments.length === 0
  const whole = nothing ? plainWelcome : said
  const words = cutBytes(whole, 4_000)
  const sent: WelcomeSent = {
    // Before the text: a line of a dry run shows the beginning.
    ...(words !== whole && { cut: true }),
    text: words,
    attachments: had.flatMap(part => ('attachment' in part ? { kind: part.kind, title: part.title } : [])),
    ...(missing.length > 0 && { missing }),
    ...(((isEmpty && fallback.trim() !== '') || nothing) && { fallback: true }),
  }
  return { text: words, attachments, sent }
}

/** A burst of customers asks for the same ones; what the platform has lost is looked at anew. */
const keptMaterials = createKept<Material[]>(1_000)

function materialsOf(
  { models, corp: { corpId } }: ActionContext,
  keys: readonly string[],
  source: MediaSource | typeof heldOnly,
): Promise<Material[]> {
  const find = async (): Promise<Material[]> => models.materials.find({ corpId, key: { $in: keys } }).lean()
  return source === 'held' ? keptMaterials.get(models, JSON.stringify([corpId, ...keys]), find) : find()
}

type Part = { text: string } | { attachment: WireAttachment; kind: Material['kind']; title: string }

/** A material as a part of the welcome; undefined where it cannot be had, or the platform takes none of its kind. */
async function partOf(
  context: ActionContext,
  material: Material,
  source: MediaSource | typeof heldOnly,
): Promise<Part | undefined> {
  const { kind, title, text = '' } = material
  if (kind === 'text') return text.trim() === '' ? undefined : { text }
  const attachment = kind === 'link' ? linkOf(material) : await fileOf(context, material, source)
  return attachment && { attachment, kind, title }
}

function linkOf({
  key,
  title,
  url = '',
  description = '',
  pictureUrl,
}: Material): WireAttachment | undefined {
  // The platform would refuse the whole welcome for it.
  if (!/^https?:\/\//.test(url)) return undefined
  return {
    msgtype: 'link',
    link: {
      title: cutBytes(title, 128) || key,
      url,
      ...(description !== '' && { desc: cutBytes(description, 512) }),
      ...(pictureUrl !== undefined && { picurl: pictureUrl }),
    },
  }
}

async function fileOf(
  context: ActionContext,
  material: Material,
  source: MediaSource | typeof heldOnly,
): Promise<WireAttachment | undefined> {
  const { key, kind, title, appid = '', page = '', file } = material
  // The platform takes no voice in a welcome.
  if (source === 'none' || kind === 'voice' || file === undefined) return undefined
  if (kind === 'miniprogram' && (appid === '' || page === '')) return undefined
  const mediaId = await mediaOf(context, material, source)
  if (mediaId === undefined) return undefined
  if (kind === 'miniprogram') {
    const named = { title: cutBytes(title, 64) || key, appid, page }
    return { msgtype: 'miniprogram', miniprogram: { ...named, pic_media_id: mediaId } }
  }
  if (kind === 'video') return { msgtype: 'video', video: { media_id: mediaId } }
  if (kind === 'file') return { msgtype: 'file', file: { media_id: mediaId } }
  return { msgtype: 'image', image: { media_id: mediaId } }
}

/** Files are uploaded ahead (jobs/upkeep); one that was added a moment ago is now. */
async function mediaOf(
  context: ActionContext,
  material: Material,
  source: 'held' | 'uploaded' | typeof heldOnly,
): Promise<string | undefined> {
  const held = source === 'uploaded' ? undefined : freshMedia(material, Date.now())
  if (held !== undefined || source === heldOnly) return held ?? heldOnly
  // What cannot be uploaded must not cost the customer the welcome; the output names it as missing.
  const upload = uploadMedia(context.models, context.client, material).catch(() => undefined)
  return within(upload, uploadPatienceMs)
}

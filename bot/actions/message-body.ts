import { createHash } from 'node:crypto'
import type { WireTemplateCard } from '../wecom/wire/card.ts'
import type { MediaType, WireMessageBody } from '../wecom/wire/message.ts'
import { cutBytes } from '../wecom/xml.ts'
import { type Card, isInteractive } from './message-card.ts'
import type { Content } from './message-content.ts'

/** What a text message holds, in bytes; the platform cuts what is longer without a word (`path/90236`). */
export const textBytes = 2_048

/** Gives the media id of a material of this kind. */
export type MediaOf = (key: string, kind: MediaType) => Promise<string>

/**
 * A content as it travels (`path/90236`).
 *
 * @param key of the step: the task of an interactive card that names none, so that each attempt sends the same card
 */
export async function messageBody(content: Content, media: MediaOf, key: string): Promise<WireMessageBody> {
  const {
    text,
    markdown,
    image,
    voice,
    video,
    file,
    textcard,
    news,
    mpnews,
    miniprogram_notice,
    template_card,
  } = content
  if (text !== undefined) return { msgtype: 'text', text: { content: cutBytes(text, textBytes) } }
  if (markdown !== undefined) return { msgtype: 'markdown', markdown: { content: markdown } }
  if (image !== undefined) return { msgtype: 'image', image: { media_id: await media(image, 'image') } }
  if (voice !== undefined) return { msgtype: 'voice', voice: { media_id: await media(voice, 'voice') } }
  if (video !== undefined) {
    const { material, ...words } = video
    return { msgtype: 'video', video: { media_id: await media(material, 'video'), ...given(words) } }
  }
  if (file !== undefined) return { msgtype: 'file', file: { media_id: await media(file, 'file') } }
  if (textcard !== undefined) {
    const { button: btntxt, ...rest } = textcard
    return { msgtype: 'textcard', textcard: { ...rest, ...given({ btntxt }) } }
  }
  if (news !== undefined) return { msgtype: 'news', news: { articles: news.map(toArticle) } }
  if (mpnews !== undefined) {
    const articles = mpnews.map(async ({ cover, url, ...rest }) => ({
      ...given(rest),
      thumb_media_id: await media(cover, 'image'),
      ...given({ content_source_url: url }),
    }))
    return { msgtype: 'mpnews', mpnews: { articles: await Promise.all(articles) } }
  }
  if (miniprogram_notice !== undefined)
    return { msgtype: 'miniprogram_notice', miniprogram_notice: given(miniprogram_notice) }
  if (template_card !== undefined)
    return { msgtype: 'template_card', template_card: await toCard(template_card, media, key) }
  throw new TypeError('a message without content')
}

/** An article of an app or a robot as it travels. */
export function toArticle<T extends { picture?: string | undefined }>({ picture, ...rest }: T) {
  return { ...given(rest), ...given({ picurl: picture }) }
}

/** The card as it travels: kinds of jumps, rows and buttons filled in, and a task where clicks come back. */
export async function toCard(card: Card, media: MediaOf, key: string): Promise<WireTemplateCard> {
  const rows = 'horizontal_content_list' in card ? card.horizontal_content_list : undefined
  const task = card.task_id ?? (isInteractive(card) ? taskOf(key) : undefined)
  const wire = {
    ...card,
    ...(task !== undefined && { task_id: task }),
    ...('card_action' in card && card.card_action && { card_action: withType(card.card_action) }),
    ...('quote_area' in card && card.quote_area && { quote_area: withType(card.quote_area) }),
    ...('image_text_area' in card &&
      card.image_text_area && { image_text_area: withType(card.image_text_area) }),
    ...('jump_list' in card && card.jump_list && { jump_list: card.jump_list.map(withType) }),
    ...('button_list' in card && {
      button_list: card.button_list.map(one => ({ type: one.url === undefined ? 0 : 1, ...one })),
    }),
    ...(rows && { horizontal_content_list: await Promise.all(rows.map(row => toRow(row, media))) }),
  }
  // Checked by the card's schema, whose fields are the platform's.
  return JSON.parse(JSON.stringify(wire)) as WireTemplateCard
}

type Row = NonNullable<Extract<Card, { card_type: 'text_notice' }>['horizontal_content_list']>[number]

async function toRow({ material, ...row }: Row, media: MediaOf): Promise<object> {
  if (material !== undefined) return { type: 2, ...row, media_id: await media(material, 'file') }
  return { type: row.userid === undefined ? withType(row).type : 3, ...row }
}

function withType<
  J extends { type?: number | undefined; url?: string | undefined; appid?: string | undefined },
>(jump: J): J & { type: number } {
  const inferred = jump.url !== undefined ? 1 : jump.appid !== undefined ? 2 : 0
  return { ...jump, type: jump.type ?? inferred }
}

/** The same for each attempt at a step, different for everything else. */
export function taskOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}

/** Without fields that are not there. */
function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

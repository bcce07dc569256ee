import type { PassiveAnswer, PassiveArticle } from '../../models/inbox-event.ts'
import type { ReplyContent, ReplyProgress } from '../actions/define.ts'
import type { BotEvent } from '../events/parse.ts'
import type { WireMessageBody } from '../wecom/wire/message.ts'
import { cutBytes } from '../wecom/xml.ts'
import type { DispatchDeps } from './deps.ts'
import type { Surroundings } from './load-facts.ts'

/** A text answer holds at most 2,048 bytes, passive or sent (`path/90241`, `path/90236`). */
const maxBytes = 2_048
/** So many messages one answer takes at most, of the 29 a minute that a member may get. */
const partsMax = 10
const leftOut = '\n……（内容太长，后面的没有发出）'

/**
 * Answers whoever wrote. The first text, or news, goes into the HTTP response while that is open, which costs no quota;
 * anything else goes out as an app message of the app that was written to. Parts of a text go out one after the other, and those
 * that `progress` knows to be out are not sent again.
 *
 * @throws as `AppClient.call`
 */
export async function replyTo(
  deps: DispatchDeps,
  event: BotEvent,
  around: Pick<Surroundings, 'voice'>,
  content: ReplyContent,
  progress?: ReplyProgress,
): Promise<void> {
  const send = (body: WireMessageBody) => sendTo(around, event, body)
  if (typeof content !== 'string') {
    const articles = passiveArticles(content)
    if (articles === undefined || !(await replyPassively(deps, event, { articles }))) await send(content)
    return
  }
  const parts = boundedParts(content)
  for (const [index, part] of parts.entries()) {
    if (index < (progress?.parts ?? 0)) continue
    if (index > 0 || !(await replyPassively(deps, event, part)))
      await send({ msgtype: 'text', text: { content: part } })
    // Nothing is to be remembered of an answer that is whole.
    if (index < parts.length - 1) await progress?.save(index + 1)
  }
}

async function sendTo(
  { voice }: Pick<Surroundings, 'voice'>,
  event: BotEvent,
  body: WireMessageBody,
): Promise<void> {
  await voice.call(
    'message/send',
    { touser: event.userid ?? '', agentid: Number(voice.agentId), ...body },
    { cause: event.id },
  )
}

/** News as an HTTP response can carry them; undefined for anything else, and for articles that open a mini program. */
function passiveArticles(content: Exclude<ReplyContent, string>): PassiveArticle[] | undefined {
  if (content.msgtype !== 'news') return undefined
  const { articles } = content.news
  const plain = articles.flatMap(({ appid, pagepath: _pagepath, url, ...rest }) =>
    appid === undefined && url !== undefined ? [{ ...rest, url }] : [],
  )
  return plain.length === articles.length ? plain : undefined
}

/** Stores the answer before it goes out, so that a redelivery is answered the same. */
async function replyPassively(deps: DispatchDeps, event: BotEvent, answer: PassiveAnswer): Promise<boolean> {
  if (!deps.replies.reserve(event.id)) return false
  try {
    await deps.models.inbox.updateOne({ _id: event.id }, { $set: { reply: answer } })
  } catch (error) {
    deps.replies.settle(event.id, undefined)
    throw error
  }
  deps.replies.settle(event.id, answer)
  return true
}

/** What an answer goes out as; where it is far too long its end is left out, and the last part says so. */
export function boundedParts(text: string): string[] {
  const parts = splitText(text)
  if (parts.length <= partsMax) return parts
  const last = cutBytes(parts[partsMax - 1] ?? '', maxBytes - Buffer.byteLength(leftOut))
  return [...parts.slice(0, partsMax - 1), `${last}${leftOut}`]
}

/** Splits at line ends where a line fits, else at characters. */
export function splitText(text: string): string[] {
  const parts: string[] = []
  let part = ''
  for (const line of text.split('\n')) {
    const longer = part === '' ? line : `${part}\n${line}`
    if (Buffer.byteLength(longer) <= maxBytes) {
      part = longer
      continue
    }
    if (part !== '') parts.push(part)
    part = line
    while (Buffer.byteLength(part) > maxBytes) {
      const head = cutBytes(part, maxBytes)
      parts.push(head)
      part = part.slice(head.length)
    }
  }
  return [...parts, part]
}

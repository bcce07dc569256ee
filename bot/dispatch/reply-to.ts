import type { ReplyProgress } from '../actions/define.ts'
import type { BotEvent } from '../events/parse.ts'
import { cutBytes } from '../wecom/xml.ts'
import type { DispatchDeps } from './deps.ts'
import type { Surroundings } from './load-facts.ts'

/** A text answer holds at most 2,048 bytes, passive or sent (`path/90241`, `path/90236`). */
const maxBytes = 2_048

/**
 * Answers whoever wrote. The first answer goes into the HTTP response while that is open, which costs no quota;
 * anything else goes out as an app message of the app that was written to. Parts go out one after the other, and those
 * that `progress` knows to be out are not sent again.
 */
export async function replyTo(
  deps: DispatchDeps,
  event: BotEvent,
  around: Pick<Surroundings, 'voice'>,
  text: string,
  progress?: ReplyProgress,
): Promise<void> {
  const { voice } = around
  const parts = splitText(text)
  for (const [index, part] of parts.entries()) {
    if (index < (progress?.parts ?? 0)) continue
    if (index > 0 || !(await replyPassively(deps, event, part))) {
      await voice.call(
        'message/send',
        {
          touser: event.userid ?? '',
          agentid: Number(voice.agentId),
          msgtype: 'text',
          text: { content: part },
        },
        { cause: event.id },
      )
    }
    // Nothing is to be remembered of an answer that is whole.
    if (index < parts.length - 1) await progress?.save(index + 1)
  }
}

/** Stores the answer before it goes out, so that a redelivery is answered the same. */
async function replyPassively(deps: DispatchDeps, event: BotEvent, text: string): Promise<boolean> {
  if (!deps.replies.reserve(event.id)) return false
  try {
    await deps.models.inbox.updateOne({ _id: event.id }, { $set: { reply: text } })
  } catch (error) {
    deps.replies.settle(event.id, undefined)
    throw error
  }
  deps.replies.settle(event.id, text)
  return true
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

import { setTimeout as delay } from 'node:timers/promises'
import { within } from '../../models/in-time.ts'
import type { InboxEvent, PassiveAnswer } from '../../models/inbox-event.ts'
import type { Models } from '../../models/models.ts'
import type { ReplySlots } from './reply-slots.ts'

/** How often the inbox is asked, and how long its answer is waited for, in milliseconds. */
const lookEveryMs = 100
const patienceMs = 500

/**
 * Waits for the answer to a message that was delivered before and is still worked on, here or on another instance:
 * whoever works on it stores its answer, because the connection that it came by may be gone.
 *
 * @returns undefined when there is none within the budget; what is said later goes out as an app message
 * @throws when the inbox cannot be asked at the end of the budget; before that it is asked again
 */
export async function awaitReply(
  { models, replies }: { models: Models; replies: ReplySlots },
  eventId: string,
  budgetMs: number,
): Promise<PassiveAnswer | undefined> {
  const until = performance.now() + budgetMs
  let over = false
  const here = replies.wait(eventId, budgetMs).then(answer => {
    over = true
    return answer
  })
  for (;;) {
    const answer = await within(here, lookEveryMs)
    if (answer !== undefined) return answer
    // Asked once more at the end of the budget: what is stored by now is said to nobody else.
    const last = over
    const look = await lookFor(models, eventId)
    if ('error' in look) {
      // The message is durable: a database that is away for a moment is no reason to refuse it.
      if (performance.now() >= until) throw look.error
      await delay(lookEveryMs)
      continue
    }
    if (look.reply === undefined && look.state === 'waiting' && !last) continue
    replies.close(eventId)
    return look.reply ?? here
  }
}

type Look = { state?: InboxEvent['state']; reply?: PassiveAnswer } | { error: unknown }

async function lookFor(models: Models, eventId: string): Promise<Look> {
  try {
    const asked = models.inbox.findById(eventId, { state: 1, reply: 1 }).lean().exec()
    const stored = await within(asked, patienceMs)
    return stored === undefined ? { error: new Error('the database does not answer') } : (stored ?? {})
  } catch (error) {
    return { error }
  }
}

import type { Models } from '../../models/models.ts'
import { within } from '../within.ts'
import type { ReplySlots } from './reply-slots.ts'

/** How often the inbox is asked, in milliseconds. */
const lookEveryMs = 100

/**
 * Waits for the answer to a message that was delivered before and is still worked on, here or on another instance:
 * whoever works on it stores its answer, because the connection that it came by may be gone.
 *
 * @returns undefined when there is none within the budget; what is said later goes out as an app message
 */
export async function awaitReply(
  { models, replies }: { models: Models; replies: ReplySlots },
  eventId: string,
  budgetMs: number,
): Promise<string | undefined> {
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
    const stored = await models.inbox.findById(eventId, { state: 1, reply: 1 }).lean()
    if (stored?.reply === undefined && stored?.state === 'waiting' && !last) continue
    replies.close(eventId)
    return stored?.reply ?? here
  }
}

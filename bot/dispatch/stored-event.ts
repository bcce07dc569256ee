import type { InboxEvent } from '../../models/inbox-event.ts'
import { type BotEvent, parseEvent } from '../events/parse.ts'

/**
 * A stored event as the rest of the house sees it: the platform's own message read again, or the start of a handler,
 * which has no message.
 *
 * @throws WireError when the message cannot be read
 */
export function eventOf(
  stored: Pick<InboxEvent, '_id' | 'corpId' | 'xml' | 'createdAt' | 'start' | 'fresh'>,
): BotEvent {
  const { _id: id, corpId, xml, createdAt, start, fresh } = stored
  const again = fresh === undefined ? {} : { fresh }
  if (start === undefined) return { ...parseEvent(xml), id, ...again }
  const { handler, by, userid, externalUserid } = start
  const event: BotEvent<'handler.due'> = {
    id,
    corpId,
    name: 'handler.due',
    ...(userid !== undefined && { userid }),
    ...(externalUserid !== undefined && { externalUserid }),
    createdAt,
    data: { handler, by, plannedAt: createdAt.toISOString() },
    xml,
    start,
    ...again,
  }
  return event
}

import type { DispatchDeps } from '../../bot/dispatch/deps.ts'
import { type Rehearsal, rehearse } from '../../bot/dispatch/rehearse.ts'
import { eventOf } from '../../bot/dispatch/stored-event.ts'
import type { BotEvent } from '../../bot/events/parse.ts'
import type { CompiledHandler } from '../../bot/handlers/compile.ts'
import type { InboxEvent } from '../../models/inbox-event.ts'
import type { Models } from '../../models/models.ts'
import { briefOf, wouldStart } from './dry-run-report.ts'
import { findEvents, readFilter } from './inbox-filter.ts'
import { type Answer, UsageError, when } from './verb.ts'

/** What a dry run was asked for. */
export interface Asked {
  event?: string | undefined
  text?: string | undefined
  since?: string | undefined
  staff?: string | undefined
  customer?: string | undefined
  args?: string | undefined
  _: string[]
}

export const nothingDone = 'nothing was stored or sent'

/** As if it were this moment. */
export function atMoment(deps: DispatchDeps, at: Date): DispatchDeps {
  const now = () => at.getTime()
  return { ...deps, clock: { now, earliest: now, learn: () => undefined } }
}

/** Of more events the newest are tried. */
const pastMost = 100

/** Tries a handler on all events of its kind, each as if it were the moment of the event. */
export async function overPast(
  deps: DispatchDeps,
  corpId: string,
  [handler, ...others]: readonly CompiledHandler[],
  { since = '', event, text, at, staff, customer }: Asked & { at?: string | undefined },
): Promise<Answer> {
  if (handler === undefined || others.length > 0)
    throw new UsageError('--since tries one handler; name a key, or a file of one')
  if ([event, text, at].some(one => one !== undefined))
    throw new UsageError('--since takes events as they came, and goes without --event, --text and --at')
  const names = eventsOf(handler)
  const filter = readFilter({ since, staff, customer }, [corpId])
  const found: { id: string; event: BotEvent; tried: Rehearsal }[] = []
  let more = false
  for await (const { _id: id } of findEvents(deps.models, { ...filter, name: { $in: names } })) {
    more = found.length === pastMost
    if (more) break
    const one = eventOf(await storedEvent(deps.models, id))
    found.push({ id, event: one, tried: await rehearse(atMoment(deps, one.createdAt), handler, one) })
  }
  const starts = found.filter(one => wouldStart(one.tried))
  const perhaps = starts.filter(one => one.tried.kept !== undefined).length
  const doubt = perhaps > 0 ? `, of ${perhaps} only perhaps` : ''
  return {
    data: found.map(({ id, tried }) => ({ event: id, starts: wouldStart(tried), ...tried })),
    text: `${handler.key} would have started on ${starts.length} of ${found.length} events${doubt}`,
    rows: found.map(({ id, event: { createdAt, userid, externalUserid }, tried }) => ({
      ...{ 'at, UTC': when(createdAt), staff: userid, customer: externalUserid, ...briefOf(tried), id },
    })),
    notes: [more ? `these are the newest ${pastMost}` : undefined, nothingDone],
  }
}

/** Names of the events that may start a handler. @throws UsageError where none does */
function eventsOf({ key, trigger }: CompiledHandler): string[] {
  if ('event' in trigger) return [trigger.event]
  if ('message' in trigger) return ['message.text']
  if ('command' in trigger) return ['message.text', 'menu.clicked', 'card.clicked']
  throw new UsageError(`${key} is started by no event that was received; try it without --since`)
}

/** @throws UsageError where it is not there */
export async function storedEvent(models: Models, id: string): Promise<InboxEvent> {
  const stored = await models.inbox.findById(id).lean()
  if (stored === null) throw new UsageError(`there is no event ${id}; inbox list names them`)
  return stored
}

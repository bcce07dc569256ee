import type { Passed } from '../../models/inbox-event.ts'
import { useridKey } from '../../models/userid.ts'
import { eventDefinition } from '../events/names.ts'
import { type BotEvent, orderKey } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { durationMs } from '../handlers/duration.ts'
import { createKept } from '../kept.ts'
import type { DispatchDeps } from './deps.ts'

/** A handler that ran so often for one pair, within this time, by events that handlers can bring about, is held. */
const loopRuns = 20
const loopMs = 5 * 60_000
/** A loop is told to the operator so often. */
const tellMs = 60_000

/** Why a handler does not run now. */
export interface Hold {
  stage: Extract<Passed['stage'], 'cooldown' | 'loop'>
  why: string
  /** Of a cooldown: when it is over, by the database's clock. */
  until?: Date
}

/**
 * Of whom it is counted how often the handler runs for them: the event's staff member and customer, as `Run.pair`; of
 * nobody's event those that it waits in line with, such as its group's. Undefined where that matters to nobody.
 */
export function pairOf(handler: CompiledHandler, event: BotEvent, name: string): string | undefined {
  if (handler.run.cooldown === undefined && !mayLoop(handler, event, name)) return undefined
  const { userid, externalUserid } = event
  if (userid === undefined && externalUserid === undefined) return orderKey(event)
  return `${useridKey(userid ?? '')}/${externalUserid ?? ''}`
}

/**
 * Whether the handler has run for the same staff member and customer a moment ago, or too often. Events of one customer,
 * like the lines of one staff member, are handled one after the other, over all instances: so no run is overlooked.
 *
 * @param pair see `pairOf`
 */
export async function holdOf(
  deps: Pick<DispatchDeps, 'models' | 'clock' | 'log' | 'actions'>,
  { event, name, handler, pair }: { event: BotEvent; name: string; handler: CompiledHandler; pair: string },
): Promise<Hold | undefined> {
  const { cooldown } = handler.run
  const cooling =
    cooldown === undefined ? undefined : await coolingSince(deps, { event, handler, pair }, cooldown)
  if (cooling !== undefined) return cooling
  return mayLoop(handler, event, name) ? loopOf(deps, event, handler, pair) : undefined
}

async function coolingSince(
  { models, clock, actions }: Pick<DispatchDeps, 'models' | 'clock' | 'actions'>,
  { event, handler, pair }: { event: BotEvent; handler: CompiledHandler; pair: string },
  cooldown: string,
): Promise<Hold | undefined> {
  const ms = durationMs(cooldown)
  const idleActions = [...actions.values()].filter(({ effect }) => effect === 'read').map(({ id }) => id)
  const last = await models.runs
    .findOne(
      {
        ...{ corpId: event.corpId, handler: handler.key, pair },
        startedAt: { $gt: new Date(clock.now() - ms) },
        dryRun: handler.run.dryRun ? true : null,
        // Not where it only looked, was stopped before, or was refused whole; no welcome of a cooldown prolongs it. One that
        // has not ended may still do something.
        $or: [
          { state: { $in: ['running', 'waiting'] } },
          {
            steps: {
              $elemMatch: {
                action: { $nin: idleActions },
                $or: [{ state: 'done' }, { skipped: 'dry_run' }, { uncertain: true }],
              },
            },
          },
        ],
        'steps.skipped': { $ne: 'cooldown' },
      },
      { startedAt: 1 },
    )
    .sort({ startedAt: -1 })
    .lean()
  if (last === null) return undefined
  return {
    stage: 'cooldown',
    why: `ran ${last.startedAt.toISOString()}, cooldown ${cooldown}`,
    until: new Date(last.startedAt.getTime() + ms),
  }
}

const told = createKept<void>(tellMs)

async function loopOf(
  { models, clock, log }: Pick<DispatchDeps, 'models' | 'clock' | 'log'>,
  { corpId, id, userid, externalUserid }: BotEvent,
  { key: handler, run }: CompiledHandler,
  pair: string,
): Promise<Hold | undefined> {
  const since = new Date(clock.now() - loopMs)
  const runs = await models.runs.countDocuments(
    { corpId, handler, pair, startedAt: { $gt: since }, dryRun: run.dryRun ? true : null },
    { limit: loopRuns },
  )
  if (runs < loopRuns) return undefined
  await told.get(models, `${corpId}/${handler}`, async () =>
    log.warn({ event: id, handler, userid, externalUserid }, 'a handler runs over and over, and is held'),
  )
  return { stage: 'loop', why: `ran ${loopRuns} times within 5 minutes` }
}

/** What begins a relation, which no handler can. */
const beginnings: readonly string[] = ['customer.added', 'customer.confirmed']

/** Whether what the handler does may come back to it as an event about the same people. */
function mayLoop({ trigger }: CompiledHandler, event: BotEvent, name: string): boolean {
  if ('command' in trigger || 'message' in trigger || beginnings.includes(name)) return false
  // What staff do in the app themselves: messages, clicks, opening it.
  if (eventDefinition(event.name)?.order === 'staff') return false
  // What steps start is bounded by its causes: many reminders for one member are no loop.
  if (event.start !== undefined) return false
  // No step brings about what happens to groups, or to the corp, and many may join one within minutes.
  return event.userid !== undefined || event.externalUserid !== undefined
}

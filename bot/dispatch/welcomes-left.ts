import type { Models } from '../../models/models.ts'
import { codeMs } from '../actions/welcome-ledger.ts'
import { type BotEvent, parseEvent } from '../events/parse.ts'
import type { DispatchDeps } from './deps.ts'
import { notReceivedBy } from './inbox.ts'

/** Events that one look reads at most. */
const pageSize = 256

type Found = BotEvent & { welcomeCode: string }

/**
 * Looks for welcomes that another process received and has not brought to an end: it may have died, and their codes run
 * out long before a turn comes behind a backlog. However many wait, one look reads 256 events; the next one goes on
 * behind them, and then from the beginning.
 *
 * @returns a look at `now`, by the database's clock, at events that were due by `until`: younger ones are left to their
 * receiver, and those older than a code lives to their turn
 */
export function createWelcomeSearch({
  models,
  log,
  process,
}: Pick<DispatchDeps, 'models' | 'log' | 'process'>): (now: number, until: number) => Promise<BotEvent[]> {
  let goOnAt = 0

  /** What cannot be read ends as dead when its turn comes; the others must not wait for it. */
  function read({ _id: id, xml }: { _id: string; xml: string }): Found[] {
    try {
      const event = { ...parseEvent(xml), id }
      const { welcomeCode } = event.data as { welcomeCode?: string }
      return welcomeCode === undefined ? [] : [{ ...event, welcomeCode }]
    } catch (error) {
      log.error({ err: error, event: id }, 'a welcome could not be taken up')
      return []
    }
  }

  return async (now, until) => {
    const from = Math.max(goOnAt, now - codeMs)
    const due = { $gte: new Date(from), $lte: new Date(until) }
    const arrival = notReceivedBy(process)
    const events = await models.inbox
      .find({ state: 'waiting', lane: 'fast', notBefore: due, orderKey: /^customer:/, arrival })
      .select({ xml: 1, notBefore: 1 })
      .sort({ notBefore: 1 })
      .limit(pageSize)
      .lean()
    const [first, last] = [events[0], events[pageSize - 1]]
    // Others of the last one's millisecond may be behind it.
    goOnAt = first && last ? Math.max(last.notBefore.getTime(), first.notBefore.getTime() + 1) : 0
    return unsettled(models, events.flatMap(read))
  }
}

/** Those whose code nobody has begun to use, or of which nobody has heard the end. */
async function unsettled(models: Models, events: Found[]): Promise<BotEvent[]> {
  const settled = new Set<string>()
  for (const corpId of new Set(events.map(event => event.corpId))) {
    const codes = events.filter(event => event.corpId === corpId).map(event => event.welcomeCode)
    const rows = await models.welcomes
      .find({ corpId, welcomeCode: { $in: codes }, state: { $ne: 'sending' } }, { welcomeCode: 1 })
      .lean()
    for (const { welcomeCode } of rows) settled.add(`${corpId}:${welcomeCode}`)
  }
  return events.filter(({ corpId, welcomeCode }) => !settled.has(`${corpId}:${welcomeCode}`))
}

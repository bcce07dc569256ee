import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What is counted and timed, in Prometheus' text form. */
export interface Metrics {
  registry: Registry
  /** Callbacks by how they ended: `accepted`, `duplicate`, or the reason of a refusal. */
  callbacks: Counter<'result'>
  /** Seconds from a request to its answer, for callbacks that were accepted. */
  acknowledged: Histogram
  /** Ends of attempts at events: `done`, `dead`, or `again` for a retry. */
  events: Counter<'lane' | 'outcome'>
  /** Seconds from an event's arrival to its being done or dead. */
  handled: Histogram<'lane'>
  /** Events that were left to the inbox because their lane was full. */
  postponed: Counter<'lane'>
  /** Events that wait, 10,000 at most. */
  inboxWaiting: Gauge<'lane'>
  /** Seconds that the one which is due longest has been waiting for its turn; 0 where none is due. */
  inboxOldest: Gauge<'lane'>
  /** Events that were given up and are kept, 10,000 at most. */
  inboxDead: Gauge
  /** Notices that wait until their members may get them, 10,000 at most. */
  noticesWaiting: Gauge
  /** Notices that were given up: nobody was told. */
  noticesFailed: Counter
  /** Gaps that this process recorded, one for each corp, see models/gap.ts. */
  gaps: Counter<'reason'>
  /** Gaps that are not reconciled yet. */
  gapsOpen: Gauge
  /** Whether the database answered when the gauges were read. */
  databaseUp: Gauge
  /** Welcome codes by how they ended, see `welcomeStates`. */
  welcomes: Counter<'state'>
  /** Seconds from CreateTime, which is whole, to the platform's answer to a welcome that was sent. */
  welcomed: Histogram
  /** Requests to the platform by path and errcode; `none` where no answer could be read. */
  calls: Counter<'path' | 'errcode'>
  /** Seconds of one request to the platform, each try on its own. */
  callSeconds: Histogram<'path'>
  /** Runs that came to their end: `done` or `failed`; no dry runs. */
  runs: Counter<'trigger' | 'outcome'>
  /** Handlers that are switched on and cannot run. */
  handlersBroken: Gauge<'corp'>
  /** 1 for each app whose credentials the platform refused, so that no token is asked for any more. */
  tokensStopped: Gauge<'corp' | 'app' | 'errcode'>
}

const quick = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5]
const slow = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 60, 300, 3600]

/** A registry of its own with everything in it; nothing is shared between calls. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers })
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: L[] = [],
  ): Histogram<L> => new Histogram({ name, help, labelNames, buckets, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers })
  return {
    registry,
    callbacks: counter('sidekick_callbacks_total', 'Callbacks by result', ['result']),
    acknowledged: histogram('sidekick_callback_seconds', 'Time until a callback was answered', quick),
    events: counter('sidekick_events_total', 'Attempts at events by outcome', ['lane', 'outcome']),
    handled: histogram('sidekick_event_seconds', "From an event's arrival to its end", slow, ['lane']),
    postponed: counter('sidekick_events_postponed_total', 'Events left to the inbox by a full lane', [
      'lane',
    ]),
    inboxWaiting: gauge('sidekick_inbox_waiting', 'Events that wait, at most 10000 are counted', ['lane']),
    inboxOldest: gauge('sidekick_inbox_oldest_seconds', 'For how long the first event that is due waits', [
      'lane',
    ]),
    inboxDead: gauge('sidekick_inbox_dead', 'Events that were given up and are kept'),
    noticesWaiting: gauge('sidekick_notices_waiting', 'Notices that wait for their turn'),
    noticesFailed: counter('sidekick_notices_failed_total', 'Notices that were given up', []),
    gaps: counter('sidekick_gaps_total', 'Gaps in the callbacks that were found', ['reason']),
    gapsOpen: gauge('sidekick_gaps_open', 'Gaps that are not reconciled yet'),
    databaseUp: gauge('sidekick_database_up', '1 when the database answers, else 0'),
    welcomes: counter('sidekick_welcomes_total', 'Welcome codes by how they ended', ['state']),
    welcomed: histogram(
      'sidekick_welcome_seconds',
      "From CreateTime to the platform's answer to a welcome",
      [0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 15, 20, 30],
    ),
    calls: counter('sidekick_platform_calls_total', 'Platform calls by path and errcode', [
      'path',
      'errcode',
    ]),
    callSeconds: histogram('sidekick_platform_call_seconds', 'Time of a platform call', quick, ['path']),
    runs: counter('sidekick_runs_total', 'Runs of handlers that ended', ['trigger', 'outcome']),
    handlersBroken: gauge('sidekick_handlers_broken', 'Handlers that are on and cannot run', ['corp']),
    tokensStopped: gauge('sidekick_tokens_stopped', 'Apps whose credentials the platform refused', [
      'corp',
      'app',
      'errcode',
    ]),
  }
}

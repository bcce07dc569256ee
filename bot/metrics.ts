import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** What is counted and timed, in Prometheus' text form. */
export interface Metrics {
  registry: Registry
  /** Callbacks by how they ended: `accepted`, `duplicate`, or the reason of a refusal. */
  callbacks: Counter<'result'>
  /** Seconds from a request to its answer, for callbacks that were accepted. */
  acknowledged: Histogram
  /** Platform calls by path and errcode. */
  calls: Counter<'path' | 'errcode'>
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    callbacks: new Counter({
      name: 'sidekick_callbacks_total',
      help: 'Callbacks by result',
      labelNames: ['result'],
      registers: [registry],
    }),
    acknowledged: new Histogram({
      name: 'sidekick_callback_seconds',
      help: 'Time until a callback was answered',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
      registers: [registry],
    }),
    calls: new Counter({
      name: 'sidekick_platform_calls_total',
      help: 'Platform calls by path and errcode',
      labelNames: ['path', 'errcode'],
      registers: [registry],
    }),
  }
}

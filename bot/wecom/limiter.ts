import { WecomError } from './errors.ts'
import { createLane, type Lane } from './limits/lane.ts'
import { createOrder, type Order } from './limits/order.ts'
import type { LimitStore, Rate, Rest, Window } from './limits/store.ts'
import type { Priority } from './methods.ts'
import type { Call } from './pipeline.ts'

/** What the platform allows all instances together, with room to spare. */
export interface Bounds {
  /** Calls per corp and endpoint, where the endpoint has no rate of its own. */
  rate: Rate
  /** Calls of one endpoint that run at the same time. */
  atOnce: Readonly<Record<Priority, number>>
  /** App messages to one member from one app. */
  messages: readonly Window[]
  /** Notices to one member from one app, of those messages: what is left of them answers people. */
  notices: Window
}

/**
 * 10,000 calls a minute and 150,000 an hour per corp and endpoint (`path/90312`): at most 8,400 in any minute and 150,000
 * in any hour. How many may run at once is not published (45033). Of app messages, 30 a minute and 1,000 an hour reach a
 * member, and the rest is lost without an error (`path/90236`).
 */
export const BOUNDS: Bounds = {
  rate: { perSecond: 40, burst: 6_000 },
  atOnce: { interactive: 64, bulk: 8 },
  messages: [
    { ms: 61_000, most: 29 },
    { ms: 3_661_000, most: 990 },
  ],
  notices: { ms: 61_000, most: 20 },
}

/** Keeps calls within the platform's limits, so that an error 45009, which blocks for a minute or more, stays rare. */
export interface Limiter {
  readonly store: LimitStore
  readonly bounds: Bounds
  /** Changes of one record, and messages to one member, are in order within this process. */
  readonly order: Order
  /** The lanes that a call goes through, one after the other. */
  lanesFor(call: Call): readonly Lane[]
  /** The platform refused the call for its frequency: its endpoint is left alone by all instances. @returns what to throw */
  rest(call: Call, because: WecomError): Promise<WecomError>
}

/** The platform's longest window that passes by itself. */
const LONGEST_REST_MS = 3_600_000

/** @param store shared by all instances, or this process's own */
export function createLimiter(deps: { store: LimitStore; bounds: Bounds; closed: AbortSignal }): Limiter {
  const { store, bounds, closed } = deps
  const lanes = new Map<string, Lane>()
  /** By app, path and priority, so that a call finds its lanes by one look. */
  const found = new Map<string, readonly Lane[]>()

  return {
    store,
    bounds,
    order: createOrder(),
    lanesFor(call) {
      const key = `${call.app.corpId}:${call.app.agentId}:${call.path}:${call.priority}`
      const known = found.get(key)
      if (known !== undefined) return known
      const made = makeLanes(call)
      found.set(key, made)
      return made
    },
    async rest(call, because) {
      const { errcode, errmsg, retryAfterMs: ms = 0 } = because
      const bucket = bucketOf(call)
      return restLanes(
        call,
        bucket,
        await store.rest(bucket, { ms, errcode, errmsg }, Math.max(ms, LONGEST_REST_MS)),
      )
    },
  }

  function bucketOf({ app, path }: Call): string {
    return `${app.corpId}:${path}`
  }

  function makeLanes(call: Call): Lane[] {
    const { spec, app } = call
    const corp = laneOf(call, bucketOf(call), spec.rate ?? bounds.rate)
    if (spec.appRate === undefined) return [corp]
    return [laneOf(call, `${bucketOf(call)}:${app.agentId}`, spec.appRate), corp]
  }

  function laneOf(call: Call, bucket: string, rate: Rate): Lane {
    const { priority } = call
    const key = `${bucket} ${priority}`
    const onRest = (rest: Rest): void => void restLanes(call, bucket, rest)
    const atOnce = bounds.atOnce[priority]
    const lane = lanes.get(key) ?? createLane({ store, bucket, rate, priority, atOnce, onRest, closed })
    lanes.set(key, lane)
    return lane
  }

  function restLanes({ path }: Call, bucket: string, { ms, errcode, errmsg }: Rest): WecomError {
    const because = new WecomError({ path, errcode, errmsg, retryAfterMs: ms })
    for (const priority of ['interactive', 'bulk']) lanes.get(`${bucket} ${priority}`)?.rest(ms, because)
    return because
  }
}

import type { Connection } from 'mongoose'

/** The time of the database, which all instances share, whatever the clocks of their hosts say. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** As `now`, but never later than the database's time is: what the database writes from here on bears this or more. */
  earliest(): number
  /** Takes over what an answer told: it was `databaseNow` at some moment since `askedAt` (of `performance.now()`). */
  learn(databaseNow: number, askedAt: number): void
}

/** What the database's time is ahead of `performance.now()` when that is `at`, at least and at most. */
interface Bounds {
  at: number
  least: number
  most: number
}

/** By how much of the time that passes two clocks may come apart that nobody sets; the kernel slews by half of it. */
const drift = 0.001

/** A clock that goes by this host's until the database tells the time; after that no change of the host's moves it. */
export function createClock(): Clock {
  let learned: Bounds | undefined
  let ahead = Date.now() - performance.now()
  function boundsAt(at: number): Bounds {
    if (learned === undefined) return { at, least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY }
    const wider = drift * (at - learned.at)
    return { at, least: learned.least - wider, most: learned.most + wider }
  }
  return {
    now: () => Math.floor(performance.now() + ahead),
    earliest() {
      const at = performance.now()
      return Math.floor(at + (learned === undefined ? ahead : boundsAt(at).least))
    },
    learn(databaseNow, askedAt) {
      const at = performance.now()
      // It told a whole millisecond, of which up to one had passed. Slow answers are the rule after an outage: a bound
      // that is too narrow by that would be contradicted by them, and half their time would be ours.
      const told = { at, least: databaseNow - at, most: databaseNow + 1 - askedAt }
      const before = boundsAt(at)
      const both = { at, least: Math.max(before.least, told.least), most: Math.min(before.most, told.most) }
      // What contradicts the newest answer is no longer so: one of the clocks was set.
      learned = both.least <= both.most ? both : told
      ahead = (learned.least + learned.most) / 2
    },
  }
}

/** Answers that the clock is opened with; the quickest of them counts most. */
const readings = 3

/**
 * A clock that has asked the database; the driver's heartbeats and the answers to leases keep it right.
 *
 * @throws when the database is away
 */
export async function openClock(connection: Connection): Promise<Clock> {
  const clock = createClock()
  const client = connection.getClient()
  /** By server; one that answers only when there is news has been asked no earlier than that. */
  const heardAt = new Map<string, number>()
  client.on('serverHeartbeatSucceeded', ({ connectionId, duration, awaited, reply }) => {
    const at = performance.now()
    // The driver takes both its times in whole milliseconds.
    const askedAt = awaited ? heardAt.get(connectionId) : at - duration - 1
    heardAt.set(connectionId, at)
    if (reply.isWritablePrimary === true && askedAt !== undefined)
      clock.learn((reply.localTime as Date).getTime(), askedAt)
  })
  for (let reading = 0; reading < readings; reading += 1) {
    const askedAt = performance.now()
    const { localTime } = await client.db().command({ hello: 1 })
    clock.learn((localTime as Date).getTime(), askedAt)
  }
  return clock
}

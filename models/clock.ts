import type { Connection } from 'mongoose'

/** The time of the database, which all instances share, whatever the clocks of their hosts say. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Takes over what an answer told: it was `databaseNow` at some moment since `askedAt` (of `performance.now()`). */
  learn(databaseNow: number, askedAt: number): void
}

/** A clock that goes by this host's until the database tells the time; after that no change of the host's moves it. */
export function createClock(): Clock {
  /** What the database's time is ahead of `performance.now()`, at least and at most, by all that was told. */
  let bounds: [least: number, most: number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  let ahead = Date.now() - performance.now()
  return {
    now: () => Math.floor(performance.now() + ahead),
    learn(databaseNow, askedAt) {
      const told: typeof bounds = [databaseNow - performance.now(), databaseNow - askedAt]
      const both: typeof bounds = [Math.max(bounds[0], told[0]), Math.min(bounds[1], told[1])]
      // What contradicts the newest answer is no longer so: one of the clocks has moved.
      bounds = both[0] <= both[1] ? both : told
      ahead = (bounds[0] + bounds[1]) / 2
    },
  }
}

/** Answers that the clock is opened with; the quickest of them counts most. */
const readings = 3

/** A clock that has asked the database; the answers to leases keep it right. @throws when the database is away */
export async function openClock(connection: Connection): Promise<Clock> {
  const clock = createClock()
  for (let reading = 0; reading < readings; reading += 1) {
    const askedAt = performance.now()
    const { localTime } = await connection.getClient().db().command({ hello: 1 })
    clock.learn((localTime as Date).getTime(), askedAt)
  }
  return clock
}

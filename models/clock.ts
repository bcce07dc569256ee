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
  let offset = Date.now() - performance.now()
  return {
    now: () => Math.floor(performance.now() + offset),
    learn(databaseNow, askedAt) {
      const [least, most] = [databaseNow - performance.now(), databaseNow - askedAt]
      // What was held before is as good as anything within these bounds.
      offset = Math.min(Math.max(offset, least), most)
    },
  }
}

/** A clock that has asked the database once; the answers to leases keep it right. @throws when the database is away */
export async function openClock(connection: Connection): Promise<Clock> {
  const clock = createClock()
  const askedAt = performance.now()
  const { localTime } = await connection.getClient().db().command({ hello: 1 })
  clock.learn((localTime as Date).getTime(), askedAt)
  return clock
}

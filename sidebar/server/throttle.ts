import { Refused } from './refusals.ts'
import { texts } from './texts.ts'

/**
 * Does a piece of work at most once in a while for each key; those who ask meanwhile share what came of it, a refusal
 * too. One asker begins only so many in that time.
 *
 * @throws Refused `platform_unavailable` to an asker who begins more; what the work throws
 */
export type Throttle = <T>(asker: string, key: string, work: () => Promise<T>) => Promise<T>

const perAsker = 10

/** @param ms how long the outcome counts from the beginning of the work, which is never done twice at a time */
export function createThrottle(ms: number): Throttle {
  const outcomes = new Map<string, Promise<unknown>>()
  const begun = new Map<string, number>()
  return <T>(asker: string, key: string, work: () => Promise<T>) => {
    const known = outcomes.get(key)
    // One key always names the same kind of work.
    if (known !== undefined) return known as Promise<T>
    const count = begun.get(asker) ?? 0
    if (count >= perAsker) return Promise.reject(new Refused('platform_unavailable', texts.tooFast))
    begun.set(asker, count + 1)
    if (count === 0) setTimeout(() => begun.delete(asker), ms).unref()
    const passed = new Promise<void>(resolve => setTimeout(resolve, ms).unref())
    const done = work()
    outcomes.set(key, done)
    const forget = (): boolean => outcomes.delete(key)
    void Promise.allSettled([done, passed]).then(forget)
    return done
  }
}

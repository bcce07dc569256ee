/** Does a piece of work at most once in a while for each key; those who ask meanwhile share what it gave. */
export type Throttle = <T>(key: string, work: () => Promise<T>) => Promise<T>

const keysMax = 10_000

/** Work that fails counts for nothing: the next one who asks does it again. */
export function createThrottle(ms: number): Throttle {
  const running = new Map<string, { at: number; done: Promise<unknown> }>()
  return <T>(key: string, work: () => Promise<T>) => {
    const last = running.get(key)
    // One key always names the same kind of work.
    if (last !== undefined && Date.now() - last.at < ms) return last.done as Promise<T>
    if (running.size >= keysMax) running.clear()
    const done = work()
    running.set(key, { at: Date.now(), done })
    done.catch(() => running.delete(key))
    return done
  }
}

import { type Patience, waitInTime } from '../pipeline.ts'

/** Runs what has the same key one after the other, in the order it came. */
export interface Order {
  /** @throws WecomNetworkError `queue`, the reason of a call that is given up, or what the task throws */
  run<T>(key: string, call: Patience, task: () => Promise<T>): Promise<T>
}

/** An order within this process. One that gives up waiting is left out; the others wait on. */
export function createOrder(): Order {
  const tails = new Map<string, Promise<void>>()
  return {
    async run(key, call, task) {
      const before = tails.get(key)
      let done = (): void => {}
      const finished = new Promise<void>(resolve => {
        done = resolve
      })
      const tail = before === undefined ? finished : before.then(() => finished)
      tails.set(key, tail)
      try {
        if (before !== undefined) await waitInTime(call, before)
        return await task()
      } finally {
        done()
        void tail.then(() => tails.get(key) === tail && tails.delete(key))
      }
    },
  }
}

/** The database did not answer in time; whether it did what was asked is unknown. */
export class DatabaseSlowError extends Error {
  override readonly name = 'DatabaseSlowError'
  readonly code = 'database_slow'

  constructor(ms: number) {
    super(`the database did not answer within ${ms} ms`)
  }
}

/** Waits for work at most this long, in milliseconds; undefined when it takes longer. The work itself goes on. */
export function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  return orLate<T | undefined>(work, ms, () => undefined)
}

/**
 * What the database answers, unless that takes longer than `ms`; the operation itself goes on. The driver's own
 * `timeoutMS` does nothing (mongodb 7.8), and its socket waits without end for a server that has stalled.
 *
 * @throws DatabaseSlowError, or what the operation throws before
 */
export function inTime<T>(ms: number, asked: Promise<T>): Promise<T> {
  return orLate(asked, ms, () => {
    throw new DatabaseSlowError(ms)
  })
}

async function orLate<T>(work: Promise<T>, ms: number, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let turn: NodeJS.Immediate | undefined
  const waited = new Promise<void>(resolve => {
    // A process that was itself stopped finds its time over and an answer that came long ago: that is heard before.
    timer = setTimeout(() => {
      turn = setImmediate(resolve)
    }, ms)
  })
  try {
    return await Promise.race([work, waited.then(late)])
  } finally {
    clearTimeout(timer)
    clearImmediate(turn)
  }
}

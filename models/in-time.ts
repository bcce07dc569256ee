/** The database did not answer in time; whether it did what was asked is unknown. */
export class DatabaseSlowError extends Error {
  override readonly name = 'DatabaseSlowError'
  readonly code = 'database_slow'

  constructor(ms: number) {
    super(`the database did not answer within ${ms} ms`)
  }
}

/**
 * What the database answers, unless that takes longer than `ms`; the operation itself goes on. The driver's own
 * `timeoutMS` does nothing (mongodb 7.8), and its socket waits without end for a server that has stalled.
 *
 * @throws DatabaseSlowError, or what the operation throws before
 */
export async function inTime<T>(ms: number, asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DatabaseSlowError(ms)), ms)
  })
  try {
    return await Promise.race([asked, late])
  } finally {
    clearTimeout(timer)
  }
}

import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits `ms`, or throws the signal's reason as soon as it aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  allowMany(signal)
  await sleep(ms, undefined, { signal }).catch(error => {
    throw signal.aborted ? signal.reason : error
  })
}

/** The promise's outcome, or the signal's reason if that comes first; the work behind the promise goes on. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  const aborted = listen(signal)
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    aborted.stop()
  }
}

/** Any number of calls may follow one signal; each takes its listener away again. */
export function allowMany(signal: AbortSignal): void {
  setMaxListeners(0, signal)
}

function listen(signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  allowMany(signal)
  let onAbort = () => {}
  const promise = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  return { promise, stop: () => signal.removeEventListener('abort', onAbort) }
}

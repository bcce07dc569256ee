import type { Logger } from 'pino'
import { within } from '../within.ts'
import type { Dispatcher } from './dispatcher.ts'

const everyMs = 1_000
/** A look at a database that does not answer must not use up the time that what is under way has to end. */
const patienceMs = 1_000

/**
 * Looks every second for events that this process postponed, or with `everything` for all that nobody works on.
 *
 * @returns how to stop, which waits for a look under way, for 1 s at most
 */
export function startSweep(dispatcher: Dispatcher, everything: boolean, log: Logger): () => Promise<void> {
  return everySecond(
    () => dispatcher.sweep(everything),
    error => log.warn({ err: error }, 'the inbox could not be swept'),
  )
}

/**
 * Looks for something a second after the last look has ended.
 *
 * @param failed told when a look failed: the database is away; the next look tells whether it is back
 * @returns how to stop, which waits for a look under way, for 1 s at most
 */
export function everySecond(
  lookFor: () => Promise<void>,
  failed: (error: unknown) => void,
): () => Promise<void> {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> = Promise.resolve()

  async function look(): Promise<void> {
    await lookFor().catch(failed)
    if (!stopped) timer = setTimeout(begin, everyMs)
  }
  function begin(): void {
    looking = look()
  }
  begin()
  return async () => {
    stopped = true
    clearTimeout(timer)
    await within(looking, patienceMs)
  }
}

import type { Logger } from 'pino'
import { within } from '../../models/in-time.ts'
import type { Dispatcher } from './dispatcher.ts'

const everyMs = 1_000
/** A look at a database that does not answer must not use up the time that what is under way has to end. */
const patienceMs = 1_000

interface Sweeping {
  /** All events that nobody works on, instead of those alone that this process postponed. */
  everything: boolean
  log: Logger
  /** Where it is given: a look at what waits to be told, see `createNoticeSweep`. */
  sendNotices?: () => Promise<void>
}

/**
 * Looks every second for events, and for notices.
 *
 * @returns how to stop, which waits for looks under way, for 1 s at most
 */
export function startSweep(
  dispatcher: Dispatcher,
  { everything, log, sendNotices }: Sweeping,
): () => Promise<void> {
  const failed = (message: string) => (error: unknown) => log.warn({ err: error }, message)
  const stops = [everySecond(() => dispatcher.sweep(everything), failed('the inbox could not be swept'))]
  if (sendNotices !== undefined)
    stops.push(everySecond(sendNotices, failed('waiting notices could not be looked for')))
  // At once: each second is one less for what is under way.
  return async () => void (await Promise.all(stops.map(stop => stop())))
}

/**
 * Looks for something a second after the last look has ended.
 *
 * @param failed told when a look failed: the database is away; the next look tells whether it is back
 * @returns how to stop, which waits for a look under way, for 1 s at most
 */
function everySecond(lookFor: () => Promise<void>, failed: (error: unknown) => void): () => Promise<void> {
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

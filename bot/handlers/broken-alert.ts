import type { Logger } from 'pino'
import type { Metrics } from '../metrics.ts'
import type { HandlerSet } from './handler-set.ts'

/** Tells of the handlers of a corp that cannot run, and of their being mended; once for each change. */
export function createBrokenAlert(
  metrics: Pick<Metrics, 'handlersBroken'>,
  log: Logger,
): (corpId: string, broken: HandlerSet['broken']) => void {
  return (corpId, broken) => {
    metrics.handlersBroken.set({ corp: corpId }, broken.length)
    if (broken.length > 0) log.error({ corpId, broken }, 'stored handlers that cannot run are skipped')
    else log.info({ corpId }, 'all stored handlers can run again')
  }
}

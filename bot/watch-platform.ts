import type { Logger } from 'pino'
import type { Metrics } from './metrics.ts'
import { createTokenAlert } from './token-alert.ts'
import type { WecomOptions } from './wecom/client.ts'

/** Counts, times and logs what is called on the platform, and tells people when tokens or limits are not to be had. */
export function watchPlatform(
  metrics: Metrics,
  log: Logger,
): Pick<WecomOptions, 'log' | 'onTokenStop' | 'onLimitsAway'> {
  return {
    log: call => {
      metrics.calls.inc({ path: call.path, errcode: String(call.errcode ?? 'none') })
      metrics.callSeconds.observe({ path: call.path }, call.ms / 1000)
      log.debug(call, 'platform call')
    },
    onTokenStop: createTokenAlert(metrics, log),
    onLimitsAway(error) {
      if (error === undefined) log.info('platform limits are shared with the other instances again')
      else log.warn({ err: error }, 'platform limits cannot be shared; each instance takes an eighth of them')
    },
  }
}

import type { Logger } from 'pino'
import type { Metrics } from './metrics.ts'
import type { AppCredentials, TokenStop } from './wecom/tokens.ts'

/** Tells people that an app's credentials were refused, by one line of the log and the gauge, and when that is over. */
export function createTokenAlert(
  metrics: Pick<Metrics, 'tokensStopped'>,
  log: Pick<Logger, 'error' | 'info'>,
): (app: AppCredentials, stop: TokenStop | undefined) => void {
  const shown = new Map<string, { corp: string; app: string; errcode: string }>()
  return ({ corpId, agentId }, stop) => {
    const key = `${corpId}:${agentId}`
    const before = shown.get(key)
    if (before !== undefined) metrics.tokensStopped.remove(before)
    if (stop === undefined) {
      shown.delete(key)
      log.info({ corpId, agentId }, 'the refusal of the credentials of this app is over')
      return
    }
    const labels = { corp: corpId, app: agentId, errcode: String(stop.errcode) }
    shown.set(key, labels)
    metrics.tokensStopped.set(labels, 1)
    log.error(
      { corpId, agentId, errcode: stop.errcode, hint: stop.reason },
      'WeCom refused the credentials of this app; no more tokens are fetched until they change',
    )
  }
}

import { describe, expect, it } from 'vitest'
import { createMetrics } from './metrics.ts'
import { createTokenAlert } from './token-alert.ts'

const app = { corpId: 'ww1', agentId: '1000002', secret: 'never told' }
const stop = { errcode: 40001, reason: '请核对 Secret', since: new Date() }

describe('refused credentials', () => {
  it('are told by one line and by the gauge, for as long as they are refused', async () => {
    const metrics = createMetrics()
    const lines: unknown[][] = []
    const log = {
      error: (...line: unknown[]) => void lines.push(['error', ...line]),
      info: (...line: unknown[]) => void lines.push(['info', ...line]),
    }
    const alert = createTokenAlert(metrics, log)
    const gauge = async () =>
      (await metrics.tokensStopped.get()).values.map(({ labels, value }) => [labels, value])
    alert(app, stop)
    expect(lines).toEqual([
      ['error', { corpId: 'ww1', agentId: '1000002', errcode: 40001, hint: stop.reason }, expect.any(String)],
    ])
    expect(await gauge()).toEqual([[{ corp: 'ww1', app: '1000002', errcode: '40001' }, 1]])
    alert(app, { ...stop, errcode: 40091 })
    alert({ ...app, agentId: '1000003' }, stop)
    expect(await gauge()).toEqual([
      [{ corp: 'ww1', app: '1000002', errcode: '40091' }, 1],
      [{ corp: 'ww1', app: '1000003', errcode: '40001' }, 1],
    ])
    alert(app, undefined)
    expect(await gauge()).toEqual([[{ corp: 'ww1', app: '1000003', errcode: '40001' }, 1]])
    expect(JSON.stringify(lines)).not.toContain(app.secret)
  })
})

import { describe, expect, it } from 'vitest'
import { createCancel, giveUp } from '../cancel.ts'
import type { Patience } from '../pipeline.ts'
import { createOrder } from './order.ts'

function patience(ms = 5_000): Patience {
  return { path: 'externalcontact/mark_tag', endsAt: performance.now() + ms, cancel: createCancel() }
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open }
}

describe('changes of one record', () => {
  it('run one after the other, in the order they came, whatever becomes of them', async () => {
    const order = createOrder()
    const log: string[] = []
    const change = (name: string, fails = false) =>
      order.run('lina:wm1', patience(), async () => {
        log.push(`${name} begins`)
        await Promise.resolve()
        log.push(`${name} ends`)
        if (fails) throw new Error(name)
      })
    const results = await Promise.allSettled([change('one'), change('two', true), change('three')])
    expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(log).toEqual(['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends'])
  })

  it('wait for the one that runs even when one between them is given up, or has no more time', async () => {
    const order = createOrder()
    const first = gate()
    const impatient = patience()
    const log: string[] = []
    const running = order.run('r', patience(), async () => {
      await first.opened
      log.push('first')
    })
    const given = order.run('r', impatient, async () => void log.push('given up'))
    const late = order.run('r', patience(10), async () => void log.push('late'))
    giveUp(impatient.cancel, new Error('no'))
    await expect(given).rejects.toThrow('no')
    await expect(late).rejects.toMatchObject({ failure: 'queue' })
    const last = order.run('r', patience(), async () => void log.push('last'))
    first.open()
    await Promise.all([running, last])
    expect(log).toEqual(['first', 'last'])
  })

  it('do not wait for those of another record', async () => {
    const order = createOrder()
    const first = gate()
    const running = order.run('lina:wm1', patience(), () => first.opened)
    await order.run('lina:wm2', patience(), async () => {})
    first.open()
    await running
  })
})

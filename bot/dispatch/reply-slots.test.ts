import { describe, expect, it } from 'vitest'
import { createReplySlots } from './reply-slots.ts'

/** Longer than any test runs: a wait that only the budget could end would fail by time-out. */
const long = 60_000

describe('the response of a message', () => {
  it('carries the answer that comes in time', async () => {
    const slots = createReplySlots()
    slots.open('e1')
    const answer = slots.wait('e1', long)
    expect(slots.reserve('e1')).toBe(true)
    slots.settle('e1', '好的')
    expect(await answer).toBe('好的')
  })

  it('is gone when the budget is over: what is said later finds it closed', async () => {
    const slots = createReplySlots()
    slots.open('e1')
    expect(await slots.wait('e1', 1)).toBeUndefined()
    expect(slots.reserve('e1')).toBe(false)
  })

  it('waits for an answer that was being stored when the budget ended', async () => {
    const slots = createReplySlots()
    slots.open('e1')
    slots.reserve('e1')
    const answer = slots.wait('e1', 0)
    // Timers fire in order, so the budget's own has passed by then.
    await new Promise(done => setTimeout(done, 1))
    slots.settle('e1', '刚好')
    expect(await answer).toBe('刚好')
  })

  it('is given to one answer only', async () => {
    const slots = createReplySlots()
    slots.open('e1')
    const answer = slots.wait('e1', long)
    expect([slots.reserve('e1'), slots.reserve('e1')]).toEqual([true, false])
    slots.settle('e1', '第一句')
    slots.settle('e1', '第二句')
    expect(slots.reserve('e1')).toBe(false)
    expect(await answer).toBe('第一句')
  })

  it('ends empty at once when nothing will be said', async () => {
    const slots = createReplySlots()
    slots.open('e1')
    const answer = slots.wait('e1', long)
    slots.close('e1')
    expect(await answer).toBeUndefined()
    expect(slots.reserve('e1')).toBe(false)
  })

  it('is not closed under an answer that has taken it', async () => {
    const slots = createReplySlots()
    slots.open('e1')
    const answer = slots.wait('e1', long)
    slots.reserve('e1')
    slots.close('e1')
    slots.settle('e1', '好的')
    expect(await answer).toBe('好的')
  })

  it('ends empty when its answer could not be stored', async () => {
    const slots = createReplySlots()
    slots.open('e1')
    const answer = slots.wait('e1', long)
    slots.reserve('e1')
    slots.settle('e1', undefined)
    expect(await answer).toBeUndefined()
  })

  it('is the same for a delivery that comes again while the first one waits', async () => {
    const slots = createReplySlots()
    slots.open('e1')
    const first = slots.wait('e1', long)
    slots.open('e1')
    const second = slots.wait('e1', long)
    slots.reserve('e1')
    slots.settle('e1', '好的')
    expect(await Promise.all([first, second])).toEqual(['好的', '好的'])
  })

  it('stays open for whoever waits when another delivery has to be refused', async () => {
    const slots = createReplySlots()
    slots.open('e1')
    const first = slots.wait('e1', long)
    slots.open('e1')()
    expect(slots.reserve('e1')).toBe(true)
    slots.settle('e1', '好的')
    expect(await first).toBe('好的')
  })

  it('is gone when every delivery of the message had to be refused', () => {
    const slots = createReplySlots()
    const leave = [slots.open('e1'), slots.open('e1')]
    for (const one of leave) one()
    expect(slots.reserve('e1')).toBe(false)
  })

  it('is not closed by a delivery that had opened an earlier one', async () => {
    const slots = createReplySlots()
    const leave = slots.open('e1')
    slots.close('e1')
    slots.open('e1')
    leave()
    expect(slots.reserve('e1')).toBe(true)
  })

  it('of one message has nothing to do with that of another', async () => {
    const slots = createReplySlots()
    slots.open('e1')
    slots.open('e2')
    const second = slots.wait('e2', long)
    slots.close('e1')
    slots.reserve('e2')
    slots.settle('e2', '在')
    expect(await second).toBe('在')
  })

  it('that was never opened is waited for in vain and cannot be taken', async () => {
    const slots = createReplySlots()
    expect(await slots.wait('__proto__', long)).toBeUndefined()
    expect(slots.reserve('constructor')).toBe(false)
    slots.settle('constructor', 'x')
    slots.close('constructor')
  })
})

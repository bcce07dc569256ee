import { describe, expect, it } from 'vitest'
import { createCancel, giveUp, unlessGivenUp } from './cancel.ts'

const failure = new Error('the work failed')
const reason = new Error('given up')

/** Work that fails a moment from now. */
const failing = (): Promise<never> => new Promise((_, reject) => setImmediate(() => reject(failure)))

describe('work for a call', () => {
  it('has its own outcome where nobody gives the call up', async () => {
    expect(await unlessGivenUp(createCancel(), Promise.resolve(1))).toBe(1)
    await expect(unlessGivenUp(createCancel(), failing())).rejects.toBe(failure)
  })

  it('has the reason of a call that is given up meanwhile', async () => {
    const cancel = createCancel()
    const outcome = unlessGivenUp(cancel, failing())
    giveUp(cancel, reason)
    await expect(outcome).rejects.toBe(reason)
    expect(cancel.onGiveUp).toBeDefined()
    await expect(failing()).rejects.toBe(failure)
    expect(cancel.onGiveUp).toBeUndefined()
  })

  it('leaves no failure that nobody looks at where the call was given up before', async () => {
    const unheard: unknown[] = []
    const hear = (error: unknown): void => void unheard.push(error)
    process.on('unhandledRejection', hear)
    const cancel = createCancel()
    giveUp(cancel, reason)
    await expect(unlessGivenUp(cancel, failing())).rejects.toBe(reason)
    // The work fails before this, and what nobody has looked at is told of right behind it.
    await failing().catch(() => undefined)
    await new Promise(resolve => setImmediate(resolve))
    process.off('unhandledRejection', hear)
    expect(unheard).toEqual([])
  })
})

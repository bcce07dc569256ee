import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { inTime, within } from './in-time.ts'

const never = new Promise<never>(() => undefined)

/**
 * Asks for an answer from outside of this thread, which stops in `until` until that is sent and the time is long over: as a
 * process that was stopped, or has much else to do.
 */
async function answerWhileStopped(wait: (answer: Promise<string>) => Promise<unknown>): Promise<unknown> {
  const sent = new Int32Array(new SharedArrayBuffer(4))
  const script = `const { parentPort, workerData } = require('node:worker_threads')
    parentPort.once('message', () => {
      parentPort.postMessage('the answer')
      Atomics.store(workerData, 0, 1)
      Atomics.notify(workerData, 0)
    })
    parentPort.postMessage('ready')`
  const worker = new Worker(script, { eval: true, workerData: sent })
  const next = () => new Promise<string>(resolve => worker.once('message', resolve))
  await next()
  // From here the timers are the first that are looked at when it goes on.
  await new Promise(setImmediate)
  const waiting = wait(next())
  worker.postMessage('asked')
  Atomics.wait(sent, 0, 0)
  Atomics.wait(sent, 0, 1, 50)
  return waiting.finally(() => worker.terminate())
}

describe('what is waited for', () => {
  it('is what came in time', async () => {
    expect(await inTime(10_000, Promise.resolve('here'))).toBe('here')
    expect(await within(Promise.resolve('here'), 10_000)).toBe('here')
  })

  it('is given up when it takes longer', async () => {
    await expect(inTime(10, never)).rejects.toMatchObject({ code: 'database_slow' })
    expect(await within(never, 10)).toBeUndefined()
    // What comes to nothing later on is nobody's any more.
    let fail = (_: Error) => {}
    const failing = new Promise<never>((_, reject) => {
      fail = reject
    })
    expect(await within(failing, 1)).toBeUndefined()
    fail(new Error('too late'))
    await expect(failing).rejects.toThrow('too late')
  })

  it('is heard by a process that was itself stopped until the time was over', async () => {
    expect(await answerWhileStopped(answer => inTime(20, answer))).toBe('the answer')
    expect(await answerWhileStopped(answer => within(answer, 20))).toBe('the answer')
  })
})

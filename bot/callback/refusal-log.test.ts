import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CallbackRefused, type RefusalReason } from './refusal.ts'
import { createRefusalLog } from './refusal-log.ts'

describe('the log of refusals', () => {
  let lines: Record<string, unknown>[]
  let refuse: (reason: RefusalReason, cause?: unknown) => void
  beforeEach(() => {
    vi.useFakeTimers()
    lines = []
    const logRefusal = createRefusalLog(pino({}, { write: line => void lines.push(JSON.parse(line)) }))
    refuse = (reason, cause) =>
      logRefusal(new CallbackRefused(reason, { cause }), { path: '/callback/app', from: '::1' })
  })
  afterEach(() => vi.useRealTimers())
  const times = (count: number, work: () => void) => Array.from({ length: count }, work)

  it('has a line for each: code, status, place, and why where there is more to say', () => {
    refuse('undecipherable', new Error('uneven padding'))
    refuse('bad_signature')
    const line = { msg: 'callback refused', path: '/callback/app', from: '::1' }
    expect(lines).toMatchObject([
      { ...line, code: 'undecipherable', status: 400, why: 'uneven padding' },
      { ...line, code: 'bad_signature', status: 401 },
    ])
  })

  it('has the error itself where the fault is ours', () => {
    refuse('inbox_unavailable', new Error('no primary'))
    expect(lines).toMatchObject([{ status: 503, err: { message: 'no primary' } }])
  })

  it('has ten lines a second of one reason, and how many were left out', () => {
    times(1_000, () => refuse('bad_signature'))
    refuse('malformed')
    expect(lines.filter(line => line.code === 'bad_signature')).toHaveLength(10)
    expect(lines.filter(line => line.code === 'malformed')).toHaveLength(1)
    vi.advanceTimersByTime(1_000)
    expect(lines.slice(11)).toMatchObject([{ code: 'bad_signature', leftOut: 990 }])
    times(3, () => refuse('bad_signature'))
    expect(lines.slice(12)).toHaveLength(3)
  })

  it('says nothing of left out lines where there were none', () => {
    times(10, () => refuse('bad_signature'))
    vi.advanceTimersByTime(1_000)
    expect(lines).toHaveLength(10)
  })
})

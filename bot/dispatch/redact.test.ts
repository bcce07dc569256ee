import { describe, expect, it } from 'vitest'
import type { Run, RunStep } from '../../models/run.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { redacted, redactedValue } from './redact.ts'

const step = (id: string, more: Partial<RunStep> = {}): RunStep => ({
  ...{ id, action: 'probe', state: 'done', attempts: 1 },
  ...more,
})
const run = (...steps: RunStep[]) => ({ steps }) as Run
/** Compiled steps that name these facts. */
const handlerOf = (...steps: { id: string; names?: string; reads?: boolean; if?: object }[]) =>
  ({
    steps: steps.map(({ names, ...one }) => ({
      action: 'probe',
      ...one,
      with: { references: names === undefined ? [] : [{ at: '', path: names.split('.') }] },
    })),
  }) as unknown as CompiledHandler

describe('a trace', () => {
  it('masks mobile numbers wherever they stand', () => {
    const output = { to: ['+86 13812341234'], note: '电话13900001111，座机', number: 13_700_002_222 }
    expect(redactedValue(output)).toEqual({
      ...{ to: ['+86 138****1234'], note: '电话139****1111，座机', number: '137****2222' },
    })
  })

  it('leaves numbers that are no mobile numbers, and dates', () => {
    const output = { at: new Date(0), ms: 1_700_000_000_000, seconds: 1_700_000_000, id: 'wm13812341234567' }
    expect(redactedValue(output)).toEqual(output)
  })

  it('cuts texts to 200 characters and lists to 50 parts', () => {
    const cut = redactedValue({ text: '好'.repeat(300), list: Array(70).fill(1) }) as {
      text: string
      list: unknown[]
    }
    expect(cut.text).toBe(`${'好'.repeat(199)}…`)
    expect(cut.list).toHaveLength(51)
  })

  it('ends at what contains itself', () => {
    const loop: { self?: unknown } = {}
    loop.self = loop
    expect(JSON.stringify(redactedValue(loop))).toContain('…')
  })

  it('shows reasons of conditions and errors without the numbers in them', () => {
    const why = { ok: true, why: 'event.text contains "价" (was "13812341234 报价")' }
    const error = { code: 'unexpected', message: 'no answer for 13812341234' }
    const trace = redacted({ ...run(step('one', { if: why, error })), when: why } as Run)
    expect(JSON.stringify(trace)).not.toContain('13812341234')
  })

  it('keeps whole what a step that may be tried again refers to', () => {
    const output = { phone: '13812341234' }
    const steps = run(step('one', { output }), step('two', { state: 'failed' }))
    const names = 'steps.one.output.phone'
    const whole = redacted(steps, handlerOf({ id: 'one' }, { id: 'two', names }))
    expect(whole.steps[0]?.output).toEqual(output)
    const cut = redacted(steps, handlerOf({ id: 'one' }, { id: 'two', names: 'customer.name' }))
    expect(cut.steps[0]?.output).toEqual({ phone: '138****1234' })
  })

  it('keeps nothing whole that can be read anew', () => {
    const steps = run(step('one', { output: { phone: '13812341234' } }), step('two', { state: 'failed' }))
    const names = 'steps.one.output.phone'
    const trace = redacted(steps, handlerOf({ id: 'one', reads: true }, { id: 'two', names }))
    expect(trace.steps[0]?.output).toEqual({ phone: '138****1234' })
  })

  it('keeps nothing whole for a step that is done', () => {
    const steps = run(step('one', { output: { phone: '13812341234' } }), step('two'))
    const trace = redacted(steps, handlerOf({ id: 'one' }, { id: 'two', names: 'steps.one.output' }))
    expect(trace.steps[0]?.output).toEqual({ phone: '138****1234' })
  })

  it('says which fields of an output are not as they were, also when it is stored once more', () => {
    const first = redacted(
      run(step('one', { output: { text: '好'.repeat(300), phone: '13812341234', n: 1 } })),
    )
    expect(first.steps[0]?.cut).toEqual(['text', 'phone'])
    expect(redacted(run(...first.steps)).steps[0]?.cut).toEqual(['text', 'phone'])
    expect(redacted(run(step('one', { output: { n: 1 } }))).steps[0]).not.toHaveProperty('cut')
  })
})

import { describe, expect, it } from 'vitest'
import { fillParams } from './fill-params.ts'
import { compileValue } from './references.ts'

describe('the parameters of a step', () => {
  const facts = { name: '小林', many: 'x'.repeat(2_000_000) }
  // More than one text may cost.
  const costly = '{{ many | append: many | append: many }}'

  it('are filled in', () => {
    const filled = compileValue({ text: '{{ name }}您好', list: ['{{ name }}'] })
    expect(fillParams({ emptied: ['text'] }, filled, facts)).toEqual({ text: '小林您好', list: ['小林'] })
  })

  it('are empty where that fails and the action can do without', () => {
    const filled = compileValue({ text: costly, other: '{{ name }}' })
    expect(fillParams({ emptied: ['text'] }, filled, facts)).toEqual({ text: '', other: '小林' })
  })

  it('fail the step elsewhere', () => {
    expect(() => fillParams({ emptied: ['text'] }, compileValue({ other: costly }), facts)).toThrow()
    expect(() => fillParams({}, compileValue({ text: costly }), facts)).toThrow()
  })
})

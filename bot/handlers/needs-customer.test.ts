import { describe, expect, it } from 'vitest'
import { actions } from '../actions/registry.ts'
import { compileHandler } from './compile.ts'
import { needsCustomer } from './needs-customer.ts'

const tags = { path: 'follow.tags', is: 'contains', value: 'VIP' }
const followedUp = { path: 'follow.lastFollowUpAt', is: 'exists' }
const someone = { path: 'customer.externalUserid', is: 'exists' }
const monday = { path: 'time.weekday', is: 'eq', value: 1 }
const named = '{{ customer.name }}'
const plain = '早报来了'
const tell = (text: string, over: object = {}) => ({
  ...{ action: 'staff.notify', with: { to: ['lina'], text } },
  ...over,
})
const needs = (steps: object[], when?: object) => {
  const document = {
    ...{ schemaVersion: 1, key: 'care', title: '关怀', trigger: { manual: true } },
    ...{ steps: steps.map((step, index) => ({ id: `s${index}`, ...step })), ...(when && { when }) },
  }
  return needsCustomer(compileHandler(document, 1, actions), actions)
}

describe('a handler needs a customer', () => {
  it.each([
    ['a text that names one', [tell(named)], undefined],
    ['a text that names one, and a condition that does not', [tell(named)], monday],
    ['an action that works on one', [{ action: 'customer.note', with: { text: '回访' } }], undefined],
    ['a condition that asks for something of one', [tell(plain)], tags],
    ['a condition that something of one is not', [tell(named)], { not: followedUp }],
    ['one of several conditions', [tell(named)], { any: [monday, tags] }],
    ['one deep within', [tell(plain)], { all: [monday, { not: { any: [monday, followedUp] } }] }],
    ['a step that runs where something of one is not', [tell(named, { if: { not: tags } })], undefined],
    ['steps that can all not run without one', [tell(named, { if: tags })], undefined],
    ['a step besides one that cannot run', [tell(plain, { if: tags }), tell(named)], undefined],
  ])('for %s', (_what, steps, when) => {
    expect(needs(steps, when)).toBe(true)
  })

  it.each([
    ['says nothing of one', [tell(plain)], monday],
    [
      'finds one by its name',
      [{ action: 'customer.note', with: { text: 'x', customer: '张三' } }],
      undefined,
    ],
    ['asks whether there is one', [tell(named, { if: someone }), tell(plain, { if: { not: someone } })]],
    ['asks so in its when', [tell(`${named}好`)], { any: [{ not: someone }, tags] }],
    ['has a step that runs without one', [tell(named, { if: { all: [monday, tags] } }), tell(plain)]],
  ])('not where it %s', (_what, steps, when?: object) => {
    expect(needs(steps, when)).toBe(false)
  })
})

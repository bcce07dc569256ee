import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate, factAt, holds, pathsOf, reasonOf, shown } from './conditions.ts'
import type { Comparison } from './operators.ts'
import type { Condition } from './schema.ts'

const facts = {
  customer: { name: '张三', type: 1, corpName: '' },
  follow: { tags: ['VIP', '春展'], addWay: null, state: 'fair-2026-spring' },
  time: { hour: 0, inOffice: false },
  staff: { userid: 'LiNa', name: 'Li Na' },
  event: { newUserid: 'Wu.Di', addUserids: ['LiNa', 'WuDi'], state: 'VIP' },
  args: {
    ...{ hours: '5666.124', below: ' -1.5\n', code: '0012', none: '', word: '18a', real: 24 },
    ...(JSON.parse('{"own":{"__proto__":{"polluted":true}}}') as object),
  },
}
const leaf = (path: string, is: Comparison, value?: unknown): Condition =>
  value === undefined ? { path, is } : { path, is, value }
const fits = (path: string, is: Comparison, value?: unknown) => {
  const fit = holds(leaf(path, is, value), facts)
  expect(evaluate(leaf(path, is, value), facts).ok).toBe(fit)
  return fit
}

describe('a fact', () => {
  it('is found by its path, in lists too', () => {
    expect(factAt(facts, 'customer.name')).toBe('张三')
    expect(factAt(facts, 'follow.tags.1')).toBe('春展')
  })

  it.each<[string, unknown]>([
    ['follow.tags.size', 2],
    ['follow.tags.first', 'VIP'],
    ['follow.tags.last', '春展'],
    ['follow.tags.first.size', 3],
    ['customer.name.size', 2],
    ['customer.corpName.size', 0],
    ['steps.find.output.list.last.name', '李四'],
    ['steps.find.output.sized.size', 'XL'],
    ['steps.find.output.none.first', undefined],
    ['customer.name.first', undefined],
    ['customer.type.size', undefined],
    ['follow.size', undefined],
  ])(
    'is also the size of a list or a text and an end of a list, as in a text template: %s',
    (path, value) => {
      const output = { list: [{ name: '张三' }, { name: '李四' }], sized: { size: 'XL' }, none: [] }
      expect(factAt({ ...facts, steps: { find: { output } } }, path)).toEqual(value)
    },
  )

  it.each([
    'constructor',
    'customer.constructor.name',
    'customer.__proto__',
    'customer.toString',
    'customer.name.at',
    'follow.tags.map',
    'follow.addWay.x',
    'nothing.at.all',
    'customer.',
    '',
  ])('does not exist at "%s"', path => {
    expect(factAt(facts, path)).toBeUndefined()
  })

  it('named as a prototype is an ordinary own one where the data holds it', () => {
    expect(factAt(facts, 'args.own.__proto__.polluted')).toBe(true)
    expect(factAt({}, 'polluted')).toBeUndefined()
  })
})

describe('a condition', () => {
  it.each<[string, Comparison, unknown, boolean]>([
    ['customer.type', 'eq', 1, true],
    ['customer.type', 'eq', '1', false],
    ['customer.type', 'ne', '1', true],
    ['customer.gone', 'ne', 'x', true],
    ['customer.name', 'in', ['李四', '张三'], true],
    ['customer.name', 'in', '张三李四', false],
    ['follow.tags', 'contains', 'VIP', true],
    ['follow.tags', 'contains', 'VI', false],
    ['customer.name', 'contains', '三', true],
    ['customer.name', 'contains', '.', false],
    ['customer.gone', 'contains', 'undefined', false],
    ['follow.state', 'prefix', 'fair-', true],
    ['follow.state', 'prefix', 'fair.', false],
    ['follow.tags', 'prefix', 'VIP', false],
    ['time.hour', 'gt', -1, true],
    ['time.hour', 'lt', 0, false],
    ['time.hour', 'lt', '9', false],
    ['time.hour', 'gte', 0, true],
    ['time.hour', 'lte', 0, true],
    ['time.hour', 'gte', 1, false],
    ['time.hour', 'lte', -1, false],
    ['time.hour', 'lte', '0', false],
    ['follow.state', 'gte', 'fair', true],
    ['customer.gone', 'lte', 0, false],
    ['follow.addWay', 'lt', 1, false],
    ['customer.gone', 'gt', 0, false],
    ['follow.tags.size', 'gt', 1, true],
    ['follow.tags.last', 'eq', '春展', true],
    ['staff.userid', 'eq', 'lina', true],
    ['staff.userid', 'ne', 'lina', false],
    ['staff.userid', 'in', ['wudi', 'LINA'], true],
    ['staff.userid', 'prefix', 'li', true],
    ['staff.name', 'eq', 'li na', false],
    ['event.newUserid', 'eq', 'wu.di', true],
    ['event.addUserids', 'contains', 'wudi', true],
    ['event.addUserids.last', 'eq', 'wudi', true],
    ['event.addUserids.size', 'eq', 2, true],
    ['event.state', 'eq', 'vip', false],
    ['args.hours', 'gte', 24, true],
    ['args.hours', 'gt', 5666.124, false],
    ['args.hours', 'eq', 5666.124, true],
    ['args.hours', 'ne', 5666.124, false],
    ['args.hours', 'in', [1, 5666.124], true],
    ['args.hours', 'in', [1, '5666.124'], true],
    ['args.hours', 'eq', '5666.124', true],
    ['args.hours', 'gt', '6', false],
    ['args.below', 'lt', -1, true],
    ['args.code', 'eq', '0012', true],
    ['args.code', 'eq', '12', false],
    ['args.none', 'lt', 1, false],
    ['args.word', 'lt', 20, false],
    ['args.word', 'ne', 18, true],
    ['args.real', 'gte', 24, true],
  ])('%s %s %j: %s', (path, is, value, expected) => {
    expect(fits(path, is, value)).toBe(expected)
  })

  it('takes a fact as there when it is 0 or false, and not when it is empty or null', () => {
    expect(['time.hour', 'time.inOffice', 'follow.tags'].map(path => fits(path, 'exists'))).toEqual([
      true,
      true,
      true,
    ])
    expect(['customer.corpName', 'follow.addWay', 'customer.gone'].map(path => fits(path, 'exists'))).toEqual(
      [false, false, false],
    )
    expect(evaluate(leaf('follow.tags', 'exists'), { follow: { tags: [] } }).ok).toBe(false)
  })

  const yes = leaf('customer.type', 'eq', 1)
  const no = leaf('customer.type', 'eq', 2)
  it('combines with all, any and not', () => {
    expect(evaluate({ all: [yes, { not: no }] }, facts).ok).toBe(true)
    expect(evaluate({ all: [yes, no] }, facts).ok).toBe(false)
    expect(evaluate({ any: [no, yes] }, facts).ok).toBe(true)
    expect(evaluate({ any: [no, { not: yes }] }, facts).ok).toBe(false)
  })

  it('explains every part with what it found, also after the outcome is certain', () => {
    expect(evaluate({ any: [yes, leaf('follow.gone', 'exists'), { not: no }] }, facts)).toEqual({
      ok: true,
      why: 'any',
      parts: [
        { ok: true, why: 'customer.type eq 1 (was 1)' },
        { ok: false, why: 'follow.gone exists (was missing)' },
        { ok: true, why: 'not', parts: [{ ok: false, why: 'customer.type eq 2 (was 1)' }] },
      ],
    })
  })

  it('holds as its explanation says, however it is combined', () => {
    const condition = fc.letrec<{ any: Condition }>(tie => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(yes, no, leaf('follow.gone', 'exists')),
        fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map(all => ({ all })),
        fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map(any => ({ any })),
        tie('any').map(not => ({ not })),
      ),
    })).any
    fc.assert(
      fc.property(condition, one => {
        expect(holds(one, facts)).toBe(evaluate(one, facts).ok)
      }),
    )
  })

  it('is told in one line by what decided it', () => {
    const reason = (condition: Condition) => reasonOf(evaluate(condition, facts))
    const was = 'customer.type eq 2 (was 1)'
    expect(reason(no)).toBe(was)
    expect(reason({ all: [yes, no, leaf('follow.gone', 'exists')] })).toBe(was)
    expect(reason({ any: [no, leaf('follow.gone', 'exists')] })).toBe(
      `${was}; follow.gone exists (was missing)`,
    )
    expect(reason({ not: { any: [no, yes] } })).toBe('not (customer.type eq 1 (was 1))')
    expect(reason({ any: Array.from({ length: 30 }, () => no) })).toHaveLength(300)
  })

  it('names every path that it reads', () => {
    expect(pathsOf({ all: [yes, { any: [{ not: leaf('time.hour', 'exists') }] }] })).toEqual([
      'customer.type',
      'time.hour',
    ])
  })
})

describe('a value in a reason', () => {
  it.each<[unknown, string]>([
    [undefined, 'missing'],
    [null, 'null'],
    ['', '""'],
    [['a', 1], '["a",1]'],
    ['打给13812345678吧', '"打给138****5678吧"'],
    ['+86 13812345678', '"+86 138****5678"'],
    ['138123456789', '"138123456789"'],
  ])('%j is %s', (value, expected) => {
    expect(shown(value)).toBe(expected)
  })

  it('is no longer than 100 characters, and ends in no half one', () => {
    expect(shown('🙂'.repeat(5_000))).toMatch(/^"(🙂)+…$/u)
    for (const long of ['x'.repeat(5_000), Array.from({ length: 5_000 }, () => 'x')])
      expect(shown(long)).toHaveLength(100)
  })
})

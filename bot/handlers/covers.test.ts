import { describe, expect, it } from 'vitest'
import { coversTrigger } from './covers.ts'
import { handlerDocument } from './schema.ts'

const triggerOf = (trigger: object) =>
  handlerDocument.parse({
    ...{ schemaVersion: 1, key: 'one', title: '试', trigger },
    steps: [{ id: 'end', action: 'stop' }],
  }).trigger
const added = (match: object = {}) => ({ event: 'customer.added', match })
const message = (...contains: string[]) => ({ message: { contains } })

describe('coversTrigger', () => {
  it.each<[object, object, boolean]>([
    [added(), added(), true],
    [added(), added({ state: { eq: 'store' } }), true],
    [added({ state: { eq: 'store' } }), added(), false],
    [added(), { event: 'customer.lost' }, false],
    [added(), { manual: true }, false],
    [added({ state: { eq: 'a' } }), added({ state: { in: ['a'] } }), true],
    [added({ state: { eq: 'a' } }), added({ state: { in: ['a', 'b'] } }), false],
    [added({ state: { in: ['a', 'b'] } }), added({ state: { eq: 'b' } }), true],
    [added({ state: { prefix: 'store-' } }), added({ state: { in: ['store-1', 'store-2'] } }), true],
    [added({ state: { prefix: 'store-' } }), added({ state: { in: ['store-1', 'shop'] } }), false],
    [added({ state: { prefix: 'store-' } }), added({ state: { prefix: 'store-b' } }), true],
    [added({ state: { prefix: 'store-' } }), added({ state: { prefix: 'store' } }), false],
    [added({ state: { eq: 'store-1' } }), added({ state: { prefix: 'store-1' } }), false],
    [added({ userid: { eq: 'LiNa' } }), added({ userid: { eq: 'lina' } }), true],
    [added({ state: { eq: 'Store' } }), added({ state: { eq: 'store' } }), false],
    [message('退款', '退货'), message('要退货'), true],
    [message('要退货'), message('退货'), false],
    [message('退款'), message('要退款', '换货'), false],
    [message('退款'), added(), false],
  ])('of %j and %j is %s', (one, other, covers) => {
    expect(coversTrigger(triggerOf(one), triggerOf(other))).toBe(covers)
  })
})

import { BSONRegExp, type Document, ObjectId } from 'bson'
import { describe, expect, it } from 'vitest'
import type { Collection } from './catalog.ts'
import { defineIndex } from './index-definition.ts'
import { makePlan } from './plan.ts'

function collectionWith(...specs: Document[]): Collection {
  const primary: Document = { key: { _id: 1 }, name: '_id_' }
  const indexes = [primary, ...specs].map((spec, i) =>
    defineIndex(
      i + 1,
      { name: Object.keys(spec.key).join('_'), ...spec },
      {
        multikey: spec.multikey === true,
        long: false,
      },
    ),
  )
  return { id: 1, db: 'test', name: 'things', indexes }
}

/** What is chosen, in short: the index or kind of access, and whether it yields the order. */
function chosen(collection: Collection, filter: Document, sort?: Document): string {
  const { access, sorted } = makePlan(collection, { filter, sort })
  const what =
    access.kind === 'index' ? `${access.index.name}${access.reverse ? ' reversed' : ''}` : access.kind
  return sort ? `${what}${sorted ? '' : ' then sort'}` : what
}

describe('makePlan', () => {
  const collection = collectionWith(
    { key: { corp: 1, user: 1 }, unique: true },
    { key: { corp: 1, at: -1 } },
    { key: { tags: 1 }, multikey: true },
    { key: { phone: 1 }, sparse: true },
    { key: { due: 1 }, partialFilterExpression: { open: true } },
  )

  it.each<[Document, Document | undefined, string]>([
    [{ _id: new ObjectId() }, undefined, 'id'],
    [{ _id: { $in: [1, 2] } }, undefined, 'id'],
    [{ _id: { $gt: 1 } }, undefined, '_id_'],
    [{ corp: 'c', user: 'u' }, undefined, 'corp_user'],
    [{ $and: [{ corp: 'c' }, { user: { $eq: 'u' } }] }, undefined, 'corp_user'],
    [{ corp: 'c', at: { $gte: new Date(0) } }, undefined, 'corp_at'],
    [{ corp: 'c' }, { at: -1 }, 'corp_at'],
    [{ corp: 'c' }, { at: 1 }, 'corp_at reversed'],
    [{ corp: { $in: ['c', 'd'] } }, { at: 1 }, 'corp_user then sort'],
    [{ corp: new BSONRegExp('^ab') }, undefined, 'collection'],
    [{ corp: { $ne: 'c' } }, undefined, 'collection'],
    [{ tags: 'a' }, { tags: 1 }, 'tags then sort'],
    [{ phone: '1' }, undefined, 'phone'],
    [{ phone: null }, undefined, 'collection'],
    [{ due: { $lt: 5 } }, undefined, 'collection'],
    [{ due: { $lt: 5 }, open: true }, undefined, 'due'],
    [{ $or: [{ phone: '1' }, { tags: 'a' }] }, undefined, 'union'],
    [{ $or: [{ phone: '1' }, { other: 'a' }] }, undefined, 'collection'],
    [{}, { corp: 1, user: 1 }, 'corp_user'],
    [{}, { corp: -1, user: -1 }, 'corp_user reversed'],
    [{}, { corp: 1, user: -1 }, 'collection then sort'],
    [{}, { _id: -1 }, '_id_ reversed'],
    [{ other: 1 }, undefined, 'collection'],
  ])('serves %j sorted by %j with %s', (filter, sort, expected) => {
    expect(chosen(collection, filter, sort)).toBe(expected)
  })

  it('binds only one end of a range in a multikey index', () => {
    const { access } = makePlan(collection, { filter: { tags: { $gt: 'a', $lt: 'c' } } })
    expect(access).toMatchObject({ kind: 'index', bounds: { tags: ['("a", MaxKey]'] } })
  })

  it('does not bind two fields below the same array', () => {
    const below = collectionWith({ key: { 'a.b': 1, 'a.c': 1 }, multikey: true })
    const { access } = makePlan(below, { filter: { 'a.b': 1, 'a.c': 2 } })
    expect(access).toMatchObject({ bounds: { 'a.c': ['[MinKey, MaxKey]'] } })
  })

  it('refuses a hint that names no index', () => {
    expect(() => makePlan(collection, { filter: {}, hint: 'nope' })).toThrow(
      expect.objectContaining({ code: 2 }),
    )
  })
})

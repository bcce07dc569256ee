import type { Document } from 'bson'
import { describe, expect, it } from 'vitest'
import { defineIndex } from './index-definition.ts'
import { entriesOf } from './index-entries.ts'
import { encodeId } from './keys.ts'

function valuesOf(spec: Document, doc: Document): unknown[] {
  const index = defineIndex(1, { name: 'i', ...spec }, { multikey: false, long: false })
  return [...entriesOf(index, doc).entries.values()].map(entry => entry.values)
}

describe('entriesOf', () => {
  it.each<[string, Document, Document, unknown[]]>([
    ['a value', { key: { a: 1 } }, { a: 5 }, [[5]]],
    ['null for a missing field', { key: { a: 1, b: 1 } }, { a: 5 }, [[5, null]]],
    ['each element of an array', { key: { a: 1 } }, { a: [1, 2, 2] }, [[1], [2]]],
    ['undefined for an empty array', { key: { a: 1 } }, { a: [] }, [[undefined]]],
    ['an array within an array as it is', { key: { a: 1 } }, { a: [[1, 2]] }, [[[1, 2]]]],
    [
      'fields below one array element by element',
      { key: { 'a.b': 1, 'a.c': 1 } },
      { a: [{ b: 1, c: 2 }, { b: 3 }] },
      [
        [1, 2],
        [3, null],
      ],
    ],
    [
      'an array beside a value',
      { key: { a: 1, t: 1 } },
      { a: 7, t: ['x', 'y'] },
      [
        [7, 'x'],
        [7, 'y'],
      ],
    ],
    ['a place in an array', { key: { 'a.1': 1 } }, { a: [5, 6] }, [[6]]],
    ['null for elements that are no documents', { key: { 'a.b': 1 } }, { a: [1, { b: 2 }] }, [[null], [2]]],
    ['nothing for a sparse index without the field', { key: { a: 1 }, sparse: true }, { b: 1 }, []],
    ['an explicit null in a sparse index', { key: { a: 1 }, sparse: true }, { a: null }, [[null]]],
    [
      'nothing outside a partial index',
      { key: { a: 1 }, partialFilterExpression: { on: true } },
      { a: 1 },
      [],
    ],
  ])('finds %s', (_what, spec, doc, expected) => {
    expect(valuesOf(spec, doc)).toEqual(expected)
  })

  it('refuses two arrays side by side', () => {
    expect(() => valuesOf({ key: { a: 1, b: 1 } }, { a: [1], b: [2] })).toThrow(
      expect.objectContaining({ code: 171 }),
    )
  })
})

it('gives long ids that begin alike different keys of bounded length', () => {
  const [a, b] = ['a', 'b'].map(end => encodeId('x'.repeat(5000) + end))
  expect(a?.equals(b as Buffer)).toBe(false)
  expect(a?.length).toBeLessThanOrEqual(512)
})

import type { Document } from 'bson'
import { describe, expect, it } from 'vitest'
import { compileProjection } from './project.ts'
import { inOrder, readSort } from './sort.ts'

const doc = { _id: 1, a: 1, b: { c: 2, d: 3 }, e: [{ f: 1, g: 2 }, 5, { f: 3 }], h: [1, 2, 3, 4] }

describe('compileProjection', () => {
  const cases: [spec: Document, result: Document][] = [
    [{}, doc],
    [{ a: 1 }, { _id: 1, a: 1 }],
    [{ a: true, _id: 0 }, { a: 1 }],
    [{ _id: 1 }, { _id: 1 }],
    [
      { _id: 0, e: 0, h: 0 },
      { a: 1, b: { c: 2, d: 3 } },
    ],
    [{ 'b.c': 1 }, { _id: 1, b: { c: 2 } }],
    [{ b: { c: 1 } }, { _id: 1, b: { c: 2 } }],
    [
      { 'b.c': 0, e: 0, h: 0 },
      { _id: 1, a: 1, b: { d: 3 } },
    ],
    [{ 'e.f': 1 }, { _id: 1, e: [{ f: 1 }, { f: 3 }] }],
    [
      { 'e.f': 0, b: 0, h: 0 },
      { _id: 1, a: 1, e: [{ g: 2 }, 5, {}] },
    ],
    [{ 'a.x': 1 }, { _id: 1 }],
    [
      { x: 1, h: 1, a: 1 },
      { _id: 1, a: 1, h: [1, 2, 3, 4] },
    ],
    [
      { h: { $slice: 2 }, b: 0, e: 0 },
      { _id: 1, a: 1, h: [1, 2] },
    ],
    [
      { h: { $slice: -1 }, a: 1 },
      { _id: 1, a: 1, h: [4] },
    ],
    [{ h: { $slice: [1, 2] }, _id: 0, a: 0, b: 0, e: 0 }, { h: [2, 3] }],
    [
      { h: { $slice: [-3, 2] }, a: 1 },
      { _id: 1, a: 1, h: [2, 3] },
    ],
    [{ e: { $elemMatch: { f: 3 } } }, { _id: 1, e: [{ f: 3 }] }],
    [
      { h: { $elemMatch: { $gt: 2 } }, a: 1 },
      { _id: 1, a: 1, h: [3] },
    ],
    [{ h: { $elemMatch: { $gt: 9 } } }, { _id: 1 }],
    [
      { a: 1, n: { $add: ['$a', 1] } },
      { _id: 1, a: 1, n: 2 },
    ],
    [{ n: '$b.c' }, { _id: 1, n: 2 }],
    [{ n: 'text' }, { _id: 1, n: 'text' }],
    [{ n: '$nowhere' }, { _id: 1 }],
    [
      { 'b.n': '$a', a: 1 },
      { _id: 1, a: 1, b: { n: 1 } },
    ],
    [{ a: { $literal: 1 } }, { _id: 1, a: 1 }],
  ]

  it.each(cases)('%j', (spec, result) => {
    const projected = compileProjection(spec)(doc)
    expect(JSON.parse(JSON.stringify(projected))).toEqual(result)
    expect(Object.keys(projected)).toEqual(Object.keys(result))
  })

  it('keeps the element at the position that the match went through', () => {
    expect(compileProjection({ 'h.$': 1 })(doc, 2)).toEqual({ _id: 1, h: [3] })
  })

  const refused: [spec: Document, code: number][] = [
    [{ a: 1, b: 0 }, 31254],
    [{ a: 0, b: 1 }, 31253],
    [{ a: 1, 'a.b': 1 }, 31249],
    [{ 'a.b': 1, a: 1 }, 31250],
    [{ a: {} }, 51270],
    [{ h: { $slice: [1, -1] } }, 28724],
  ]

  it.each(refused)('%j is refused with code %i', (spec, code) => {
    expect(() => compileProjection(spec)).toThrow(expect.objectContaining({ code }))
  })
})

describe('readSort', () => {
  const cases: [spec: Document, documents: Document[], order: number[]][] = [
    [{ a: 1 }, [{ a: 2 }, { a: 1 }], [1, 0]],
    [{ a: -1 }, [{ a: 1 }, { a: 2 }], [1, 0]],
    [
      { a: 1, b: -1 },
      [
        { a: 1, b: 1 },
        { a: 0, b: 0 },
        { a: 1, b: 2 },
      ],
      [1, 2, 0],
    ],
    [{ a: 1 }, [{ a: 'x' }, { a: 1 }, {}, { a: null }, { a: [] }], [4, 2, 3, 1, 0]],
    [{ a: 1 }, [{ a: [5, 1] }, { a: 2 }], [0, 1]],
    [{ a: -1 }, [{ a: 4 }, { a: [5, 1] }], [1, 0]],
    [{ 'a.b': 1 }, [{ a: [{ b: 3 }, { b: 9 }] }, { a: { b: 2 } }, { a: 1 }], [2, 1, 0]],
    [
      { a: 1 },
      [
        { a: 1, n: 0 },
        { a: 1, n: 1 },
      ],
      [0, 1],
    ],
  ]

  it.each(cases)('%j of %j', (spec, documents, order) => {
    const same = (document: Document) => document
    const sorted = inOrder(documents, readSort(spec), same, same)
    expect(sorted.map(document => documents.indexOf(document))).toEqual(order)
  })

  it('refuses a direction other than 1 and -1', () => {
    expect(() => readSort({ a: 2 })).toThrow(expect.objectContaining({ code: 15975 }))
    expect(() => readSort({ a: 'x' })).toThrow(expect.objectContaining({ code: 15975 }))
  })
})

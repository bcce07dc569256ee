import { describe, expect, it } from 'vitest'
import { createCursors } from './cursors.ts'

function* numbers(count: number, size = 1): Generator<Uint8Array> {
  for (let i = 0; i < count; i += 1) yield Buffer.alloc(size, i)
}

describe('cursors', () => {
  it('hand out batches until all is read', () => {
    const cursors = createCursors()
    const first = cursors.open(numbers(5), { ns: 'd.c', batchSize: 2 })
    const second = cursors.more(first.id.toString(), 'd.c', 2)
    const last = cursors.more(first.id.toString(), 'd.c', 2)
    expect([first, second, last].map(batch => batch.documents.length)).toEqual([2, 2, 1])
    expect(last.id.isZero()).toBe(true)
    expect(cursors.count()).toBe(0)
  })

  it('do not stay open when the first batch holds all', () => {
    const { id } = createCursors().open(numbers(2), { ns: 'd.c', batchSize: 2 })
    expect(id.isZero()).toBe(true)
  })

  it('keep a batch below 16 MB', () => {
    const cursors = createCursors()
    const first = cursors.open(numbers(3, 7 * 1024 * 1024), { ns: 'd.c' })
    expect(first.documents).toHaveLength(2)
    expect(cursors.more(first.id.toString(), 'd.c', undefined).documents).toHaveLength(1)
  })

  it('are gone after ten minutes at rest', () => {
    const cursors = createCursors()
    const rests = cursors.open(numbers(9), { ns: 'd.c', batchSize: 1 })
    cursors.expire(Date.now() + 9 * 60_000)
    expect(cursors.count()).toBe(1)
    cursors.expire(Date.now() + 11 * 60_000)
    expect(() => cursors.more(rests.id.toString(), 'd.c', 1)).toThrow(expect.objectContaining({ code: 43 }))
    expect(cursors.count()).toBe(0)
  })

  it('answer only for the namespace they read', () => {
    const cursors = createCursors()
    const { id } = cursors.open(numbers(9), { ns: 'd.c', batchSize: 1 })
    expect(() => cursors.more(id.toString(), 'd.other', 1)).toThrow(expect.objectContaining({ code: 43 }))
  })
})

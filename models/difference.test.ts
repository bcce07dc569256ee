import { describe, expect, it } from 'vitest'
import { chunks, difference, present, toUpdate } from './difference.ts'

interface Thing {
  name: string
  tags: string[]
  at?: Date
  note?: string
}
const stored: Thing = { name: 'a', tags: ['1', '2'], at: new Date(5), note: 'ours' }

describe('difference', () => {
  it('is nothing when all named fields are so already, whatever the order of a list', () => {
    expect(difference(stored, { name: 'a', tags: ['2', '1'], at: new Date(5) })).toBeUndefined()
  })

  it('names the fields that differ and removes those that should not be there', () => {
    expect(difference(stored, { name: 'b', tags: ['1'], at: undefined })).toEqual({
      $set: { name: 'b', tags: ['1'] },
      $unset: { at: 1 },
    })
  })

  it('takes a stored null as missing', () => {
    expect(difference({ note: null } as unknown as Thing, { note: undefined })).toBeUndefined()
  })

  it('leaves fields alone that are not named', () => {
    expect(difference(stored, {})).toBeUndefined()
    expect(difference(stored, { name: 'b' })).toEqual({ $set: { name: 'b' } })
  })

  it('sees an element that comes or goes once more, and an emptied list', () => {
    expect(difference(stored, { tags: ['1', '2', '2'] })).toEqual({ $set: { tags: ['1', '2', '2'] } })
    expect(difference(stored, { tags: [] })).toEqual({ $set: { tags: [] } })
  })

  it('does not reorder the lists that it compares', () => {
    const wanted = { tags: ['2', '1'] }
    difference(stored, wanted)
    expect([stored.tags, wanted.tags]).toEqual([
      ['1', '2'],
      ['2', '1'],
    ])
  })

  it('compares times by their moment and takes an empty text as a value', () => {
    expect(difference(stored, { at: new Date(6) })).toEqual({ $set: { at: new Date(6) } })
    expect(difference(stored, { note: '' })).toEqual({ $set: { note: '' } })
  })
})

describe('the update without a look', () => {
  it('sets what has a value, empty ones included, and removes the rest', () => {
    expect(toUpdate<Thing>({ name: '', tags: [], at: undefined })).toEqual({
      $set: { name: '', tags: [] },
      $unset: { at: 1 },
    })
  })

  it('has no removal where nothing is to go', () => {
    expect(toUpdate<Thing>({ name: 'a' })).toEqual({ $set: { name: 'a' } })
  })

  it('of a new document holds only what has a value', () => {
    expect(present<Thing>({ name: 'a', note: undefined })).toEqual({ name: 'a' })
    expect(Object.keys(present<Thing>({ note: undefined }))).toEqual([])
  })
})

describe('chunks', () => {
  it('splits without losing the rest', () => {
    expect(chunks([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  })

  it('makes no empty piece', () => {
    expect(chunks([], 2)).toEqual([])
    expect(chunks([1, 2], 2)).toEqual([[1, 2]])
  })
})

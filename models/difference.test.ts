import { describe, expect, it } from 'vitest'
import { chunks, difference } from './difference.ts'

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
})

describe('chunks', () => {
  it('splits without losing the rest', () => {
    expect(chunks([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  })
})

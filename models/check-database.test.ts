import { expect, it } from 'vitest'
import { readReply } from './check-database.ts'

const good = { ns: 'a.b', nrecords: 3, nIndexes: 2, keysPerIndex: { _id_: 3, n_1: 3 }, valid: true, ok: 1 }

it('takes a collection for valid when the server has no error', () => {
  const reply = { ...good, warnings: ['slow'], errors: [], indexDetails: { _id_: { valid: true } } }
  expect(readReply('b', reply)).toEqual({
    collection: 'b',
    documents: 3,
    indexes: 2,
    valid: true,
    errors: [],
    warnings: ['slow'],
  })
})

it('names every error, also those of indexes, and of entries that are only counted', () => {
  const reply = {
    ...good,
    valid: false,
    errors: ['the count is wrong'],
    indexDetails: { n_1: { valid: false, errors: ['out of order'] } },
    extraIndexEntries: [{}, {}],
    missingIndexEntries: [{}],
  }
  expect(readReply('b', reply)).toMatchObject({
    valid: false,
    errors: [
      'the count is wrong',
      'n_1: out of order',
      '2 index entries without a document',
      '1 index entries missing',
    ],
  })
})

it('calls nothing valid that the server does not', () => {
  expect(readReply('b', { ...good, valid: false }).valid).toBe(false)
  expect(readReply('b', { ...good, indexDetails: { n_1: { errors: ['x'] } } }).valid).toBe(false)
})

import { Binary, type Document } from 'bson'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Collection } from '../catalog.ts'
import { answer } from '../dispatch.ts'
import { writeDocument } from '../documents.ts'
import { type Engine, openEngine } from '../engine.ts'
import type { Index } from '../index-definition.ts'
import { encodeId, rangeOf } from '../keys.ts'
import { documentKey } from '../records.ts'
import type { Entry } from '../store.ts'

let engine: Engine

const run = (body: Document) => {
  const request = {
    id: 1,
    body: writeDocument({ ...body, $db: 'd' }),
    sequences: new Map(),
    silent: false,
    legacy: false,
  }
  return answer(engine, request, 1)
}
const validate = () => run({ validate: 'c' })
const collection = (): Collection => engine.catalog.need('d', 'c')
const index = (name: string) => collection().indexes.find(one => one.name === name) as Index
const entries = (name: string): Entry[] => engine.store.entries(rangeOf(index(name)), 1000)
beforeEach(async () => {
  engine = await openEngine(undefined)
  const indexes = [
    { key: { a: 1 }, name: 'a' },
    { key: { tags: -1 }, name: 'tags' },
    { key: { email: 1 }, name: 'email', unique: true, sparse: true },
    { key: { a: 1, n: 1 }, name: 'part', partialFilterExpression: { n: { $gt: 5 } } },
  ]
  await run({ createIndexes: 'c', indexes })
  const documents = Array.from({ length: 20 }, (_, n) => ({ _id: n, a: n % 4, n, tags: ['x', n] }))
  await run({ insert: 'c', documents: [...documents, { _id: 'e', email: 'e@x', tags: [] }] })
})

afterEach(() => engine.store.close())

it('finds a sound collection valid', async () => {
  const found = { ns: 'd.c', nrecords: 21, nIndexes: 5, valid: true, warnings: [], errors: [], ok: 1 }
  expect(await validate()).toEqual(found)
})

it('refuses what does not exist, and to repair', async () => {
  await expect(run({ validate: 'none' })).rejects.toMatchObject({ code: 26 })
  await expect(run({ validate: 'c', repair: true })).rejects.toMatchObject({ code: 72 })
})

const damages: Record<string, { harm(): void; error: RegExp }> = {
  'an entry that is missing': {
    harm: () => engine.store.remove((entries('tags')[7] as Entry).key),
    error: /^document \d+ lacks an entry in tags$/,
  },
  'an entry that points to no document': {
    harm() {
      const [first] = entries('email') as [Entry]
      engine.store.put(Buffer.concat([first.key, Buffer.from('z')]), first.value)
    },
    error: /^entry \w+ of index email points to no document$/,
  },
  'an entry that its document does not have': {
    harm() {
      const [first] = entries('a') as [Entry]
      const start = first.key.subarray(0, first.value.readUInt16BE(0))
      engine.store.put(Buffer.concat([start, encodeId(3)]), first.value)
    },
    error: /^entry \w+ of index a is none of its document$/,
  },
  'an entry that cannot be read': {
    harm: () => engine.store.put((entries('a')[0] as Entry).key, Buffer.alloc(1)),
    error: /^what a has at \w+ cannot be read/,
  },
  'a document whose entries are left behind': {
    harm: () => engine.store.remove(documentKey(collection(), encodeId(4))),
    error: /of index a points to no document$/,
  },
  'a document that is no BSON': {
    harm: () => engine.store.put(documentKey(collection(), encodeId(3)), Buffer.from('nonsense')),
    error: /^what _id_ has at \w+ cannot be read: Invalid BSON/,
  },
  'a document in the place of another': {
    harm: () => engine.store.put(documentKey(collection(), encodeId(3)), writeDocument({ _id: 4, a: 0 })),
    error: /^document 4 is stored under another _id$/,
  },
  'an array in an index that knows of none': {
    harm: () => engine.store.put(documentKey(collection(), encodeId(3)), writeDocument({ _id: 3, a: [1] })),
    error: /^document 3 has an array, but index a is not multikey$/,
  },
  'a number of documents that is not theirs': {
    harm() {
      engine.catalog.count(collection())
      engine.catalog.adjustCount(collection(), 2)
    },
    error: /^21 documents are stored, but 23 counted$/,
  },
  'two documents with one value of a unique index': {
    harm() {
      const [first] = entries('email') as [Entry]
      const idKey = encodeId('f')
      engine.store.put(documentKey(collection(), idKey), writeDocument({ _id: 'f', email: 'e@x' }))
      const start = first.key.subarray(0, first.value.readUInt16BE(0))
      engine.store.put(Buffer.concat([start, idKey]), first.value)
    },
    error: /of index email is not the only one of these values$/,
  },
}

describe('finds', () => {
  it.each(Object.entries(damages))('%s', async (_what, { harm, error }) => {
    await engine.store.write(harm)
    const { valid, errors } = await validate()
    expect(errors).toContainEqual(expect.stringMatching(error))
    expect(valid).toBe(false)
  })
})

it('names a hundred errors and tells that there may be more', async () => {
  const documents = Array.from({ length: 200 }, (_, n) => ({ _id: `m${n}`, a: n }))
  await run({ insert: 'c', documents })
  await engine.store.write(() => engine.store.removeRange(rangeOf(index('a'))))
  const { errors, warnings, valid } = await validate()
  expect(errors).toHaveLength(100)
  expect(warnings).toHaveLength(1)
  expect(valid).toBe(false)
})

it('lets others read and write in between, and takes nothing they do for damage', async () => {
  const body = new Binary(Buffer.alloc(2000))
  const documents = Array.from({ length: 8000 }, (_, n) => ({ _id: `m${n}`, a: n, tags: [n, -n], body }))
  await run({ insert: 'c', documents })
  let turns = 0
  const turn = async (): Promise<void> => {
    const q = { _id: `m${(turns * 37) % 8000}` }
    const replies = await Promise.all([
      run({ update: 'c', updates: [{ q, u: { $inc: { a: 7919 }, $set: { tags: [turns, 'y'] } } }] }),
      run({ delete: 'c', deletes: [{ q: { _id: `m${(turns * 91 + 1) % 8000}` }, limit: 1 }] }),
      run({ insert: 'c', documents: [{ _id: `n${turns}`, a: turns, tags: [turns] }] }),
    ])
    expect(replies).toMatchObject([{ ok: 1 }, { ok: 1 }, { ok: 1 }])
    if (turns === 2) await run({ dropIndexes: 'c', index: 'tags' })
    if (turns === 4) await run({ createIndexes: 'c', indexes: [{ key: { tags: 1 }, name: 'tags' }] })
    turns += 1
  }
  // Where writes are slow, few come between; one that lets none come in between has a single turn, however often.
  let [between, rounds] = [0, 0]
  for (; (turns <= 4 || between < 2) && rounds < 20; rounds += 1) {
    const before = turns
    let done = false
    const validated = validate().finally(() => {
      done = true
    })
    while (!done) await turn()
    between = Math.max(between, turns - before)
    expect(await validated).toMatchObject({ valid: true, errors: [] })
  }
  expect(turns).toBeGreaterThan(4)
  expect(between).toBeGreaterThan(1)
  expect(await validate()).toMatchObject({ valid: true, errors: [] })
})

it('ends without a fault when the collection is dropped meanwhile', async () => {
  const documents = Array.from({ length: 5000 }, (_, n) => ({ _id: `m${n}`, a: n, tags: [n, -n] }))
  await run({ insert: 'c', documents })
  const validated = validate()
  await run({ drop: 'c' })
  expect(await validated).toMatchObject({ valid: true, errors: [] })
})

import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  type Document,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  Timestamp,
  UUID,
} from 'bson'
import type { Db } from 'mongodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../connect.ts'
import { exportDatabase } from './export.ts'
import { importDatabase } from './import.ts'
import { type Manifest, manifestName, type TransferProgress } from './manifest.ts'

const values: Record<string, unknown> = {
  int: new Int32(7),
  intEdge: new Int32(-2147483648),
  long: Long.fromString('9223372036854775807'),
  smallLong: Long.fromNumber(1),
  double: new Double(1),
  fraction: new Double(0.1),
  minusZero: new Double(-0),
  nan: new Double(Number.NaN),
  infinity: new Double(Number.NEGATIVE_INFINITY),
  decimal: Decimal128.fromString('1.50'),
  decimalNan: Decimal128.fromString('NaN'),
  date: new Date('2026-03-01T01:02:03.004Z'),
  early: new Date(-62_135_596_800_000),
  bytes: new Binary(randomBytes(300)),
  noBytes: new Binary(new Uint8Array()),
  md5: new Binary(randomBytes(16), Binary.SUBTYPE_MD5),
  uuid: new UUID('7f4c2c1e-0d0b-4d0e-8d0a-0123456789ab'),
  id: new ObjectId(),
  regex: new BSONRegExp('^a/"b', 'imsx'),
  timestamp: new Timestamp({ t: 1_700_000_000, i: 5 }),
  code: new Code('return 1'),
  min: new MinKey(),
  max: new MaxKey(),
  yes: true,
  nothing: null,
  text: '春天 \u2028 \u2029 \r\n "quoted" \\ \u0000 😀',
  noText: '',
  nested: { a: { b: [{ c: new Int32(1) }, [], {}, [[new Long(2)]]] } },
  none: {},
  noList: [],
  'dotted.name': 1,
  $dollar: 1,
  ['__proto__']: { a: 1 },
}

const types = Object.entries(values).map(([name, value]): Document => ({ _id: name, value }))
const whole = Object.defineProperty({ _id: { a: 1, b: 2 }, ...values }, '__proto__', {
  value: 1,
  enumerable: true,
}) as Document

describe('an export that is imported elsewhere', () => {
  let from: Database
  let to: Database
  let source: Db
  let target: Db
  let folder: string
  beforeEach(async () => {
    ;[from, to] = await Promise.all([openTestDatabase(), openTestDatabase()])
    ;[source, target] = [from, to].map(one => one.connection.getClient().db(one.connection.name)) as [Db, Db]
    folder = await mkdtemp(join(tmpdir(), 'sidekick-transfer-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
    await Promise.all([from.close(), to.close()])
  })

  const rawOf = async (db: Db, name: string): Promise<string[]> => {
    const found = await db.collection(name).find({}, { raw: true }).sort({ _id: 1 }).toArray()
    return found.map(one => Buffer.from(one as unknown as Uint8Array).toString('hex'))
  }
  const fill = (name: string, count: number) =>
    source
      .collection<Document>(name)
      .insertMany(Array.from({ length: count }, (_, i) => ({ _id: i as never, n: i, text: `客户 ${i}` })))
  const take = (only?: string[]) => exportDatabase(source, { folder, ...(only && { only }) })
  const put = (replace = false, tell?: (progress: TransferProgress) => void) =>
    importDatabase(target, { folder, replace, ...(tell && { tell }) })
  const file = (name: string): string => join(folder, name)
  const changeManifest = async (change: (manifest: Manifest) => void): Promise<void> => {
    const manifest = JSON.parse(await readFile(file(manifestName), 'utf8'))
    change(manifest)
    await writeFile(file(manifestName), JSON.stringify(manifest))
  }
  /** Changes a file and lets the manifest agree, as somebody would who edits an export. */
  const edit = async (name: string, change: (text: string) => string): Promise<void> => {
    const text = change(await readFile(file(`${name}.jsonl`), 'utf8'))
    await writeFile(file(`${name}.jsonl`), text)
    await changeManifest(({ collections }) => {
      for (const one of collections.filter(each => each.name === name)) {
        one.bytes = Buffer.byteLength(text)
        one.sha256 = createHash('sha256').update(text).digest('hex')
        one.documents = text.split('\n').length - 1
      }
    })
  }
  const holdsNothing = async (): Promise<void> => {
    const names = (await target.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name)
    const counts = await Promise.all(names.map(name => target.collection(name).countDocuments()))
    expect(counts.reduce((sum, one) => sum + one, 0)).toBe(1)
    expect(names).not.toContain('import_trial')
  }

  it('has every type to the byte', async () => {
    await source.collection<Document>('types').insertMany([...types, whole])
    const { inexact } = await take(['types'])
    await put(true)
    expect(inexact).toEqual([])
    const found = await rawOf(target, 'types')
    expect(found).toEqual(await rawOf(source, 'types'))
    expect(found).toContain(Buffer.from(serialize(types[2] as Document)).toString('hex'))
    expect(found).toHaveLength(types.length + 1)
  })

  it('names a document that Extended JSON takes for something else', async () => {
    const collection = source.collection<Document>('lookalikes')
    await collection.insertMany([
      { _id: 'alike' as never, value: { $numberInt: '1' } },
      { _id: 'good' as never },
    ])
    expect((await take(['lookalikes'])).inexact).toEqual([{ collection: 'lookalikes', id: '"alike"' }])
  })

  it('has all of 10,000 documents, the indexes with their options, and what is empty', async () => {
    await fill('many', 10_000)
    await source.createCollection('empty')
    await source.collection('many').createIndexes([
      { key: { text: 1, n: -1 }, name: 'by text', unique: true },
      { key: { at: 1 }, expireAfterSeconds: 3600 },
      { key: { n: 1 }, partialFilterExpression: { n: { $gt: 5 } } },
      { key: { 'a.b': 1 }, sparse: true },
    ])
    const told: TransferProgress[] = []
    await take()
    const { collections } = await put(true, one => told.push(one))
    expect(collections.find(one => one.collection === 'many')).toEqual({
      collection: 'many',
      documents: 10_000,
      indexes: 5,
    })
    expect(await rawOf(target, 'many')).toEqual(await rawOf(source, 'many'))
    for (const { collection } of collections) {
      const indexes = (db: Db) => db.collection(collection).indexes()
      expect(await indexes(target)).toEqual(await indexes(source))
    }
    expect(collections.map(one => one.collection)).toContain('empty')
    for (const step of ['verify', 'import']) {
      const ended = told.filter(one => one.step === step && one.ended)
      expect(ended.map(one => one.collection)).toEqual(collections.map(one => one.collection))
    }
  })

  it('gives the same export again', async () => {
    await fill('many', 500)
    await take()
    await put(true)
    const again = await mkdtemp(join(tmpdir(), 'sidekick-transfer-'))
    const { manifest } = await exportDatabase(target, { folder: again })
    await rm(again, { recursive: true })
    const first: Manifest = JSON.parse(await readFile(file(manifestName), 'utf8'))
    expect(manifest.collections).toEqual(first.collections)
  })

  it('is readable for its owner alone, and has nothing half-written in it', async () => {
    await fill('some', 3)
    await source.collection('odd/name:*').insertOne({ a: 1 })
    await take(['some', 'odd/name:*'])
    const names = await readdir(folder)
    expect(names.sort()).toEqual([manifestName, 'odd%2Fname%3A%2A.jsonl', 'some.jsonl'])
    for (const name of names) expect((await stat(file(name))).mode & 0o077).toBe(0)
    expect((await put(true)).collections.map(one => one.collection)).toEqual(['odd/name:*', 'some'])
  })

  it('has no leases of running instances unless they are asked for', async () => {
    await fill('locks', 1)
    await take()
    expect(await readdir(folder)).not.toContain('locks.jsonl')
    await rm(folder, { recursive: true })
    await take(['locks'])
    expect(await readdir(folder)).toContain('locks.jsonl')
  })

  it('is not written into a folder that holds something, and not of a collection that is not there', async () => {
    await expect(take(['nowhere'])).rejects.toThrow(/there is no collection nowhere; there are categories, /)
    await writeFile(file('mine.txt'), '')
    await expect(take()).rejects.toThrow(`${folder} is not empty`)
    expect(await readdir(folder)).toEqual(['mine.txt'])
  })

  it('replaces what it names, once that is asked for, and leaves the rest', async () => {
    await fill('some', 3)
    await target.collection('some').insertOne({ old: true })
    await target.collection('other').insertOne({ kept: true })
    await take(['some'])
    await expect(put()).rejects.toThrow(/holds documents already \((meta|other|some)\)/)
    expect(await target.collection('some').countDocuments({ old: true })).toBe(1)
    expect((await put(true)).left).toContain('other')
    expect(await rawOf(target, 'some')).toEqual(await rawOf(source, 'some'))
    expect(await target.collection('other').countDocuments()).toBe(1)
  })

  it('goes into a database without documents unasked, though it has indexes', async () => {
    await fill('some', 3)
    await target.collection('meta').deleteMany({})
    await take()
    await put()
    expect(await rawOf(target, 'some')).toEqual(await rawOf(source, 'some'))
  })

  describe('that is damaged writes nothing', () => {
    beforeEach(async () => {
      await fill('some', 50)
      await take(['some'])
    })
    const path = () => file('some.jsonl')

    it('when a file was cut', async () => {
      const text = await readFile(path())
      await writeFile(path(), text.subarray(0, text.length - 20))
      await expect(put(true)).rejects.toThrow(
        `some.jsonl has ${text.length - 20} bytes, and ${text.length} in the manifest`,
      )
      await holdsNothing()
    })

    it('when one byte is another', async () => {
      const text = await readFile(path())
      text[100] = (text[100] ?? 0) ^ 1
      await writeFile(path(), text)
      await expect(put(true)).rejects.toThrow('some.jsonl was changed')
      await holdsNothing()
    })

    it('when a file is missing', async () => {
      await rm(path())
      await expect(put(true)).rejects.toThrow('some.jsonl is missing')
      await holdsNothing()
    })

    it('when the export was cut short, and so has no manifest', async () => {
      await rm(file(manifestName))
      await expect(put(true)).rejects.toThrow(`holds no ${manifestName}`)
      await holdsNothing()
    })

    it('when it is of a format to come', async () => {
      await changeManifest(manifest => Object.assign(manifest, { format: 2 }))
      await expect(put(true)).rejects.toThrow('manifest.json has the format 2; this release reads 1')
      await holdsNothing()
    })

    it.each([
      ['is no JSON', '{', /damaged: /],
      ['is no object', 'null', /the format undefined/],
      ['lacks fields', '{"format":1}', /damaged: [\s\S]*database/],
    ])('when the manifest %s', async (_, text, message) => {
      await writeFile(file(manifestName), text)
      await expect(put(true)).rejects.toThrow(message)
      await holdsNothing()
    })

    it('when the manifest names a file of another folder', async () => {
      await changeManifest(({ collections: [some] }) => some && Object.assign(some, { file: '../x.jsonl' }))
      await expect(put(true)).rejects.toThrow('damaged')
      await holdsNothing()
    })

    it('when there are fewer documents than the manifest says', async () => {
      await changeManifest(({ collections: [some] }) => some && Object.assign(some, { documents: 51 }))
      await expect(put(true)).rejects.toThrow('some.jsonl holds 50 documents, and 51 in the manifest')
      await holdsNothing()
    })

    it.each([
      ['is no JSON', '{"_id":'],
      ['is no document', '[1]'],
      ['has no _id', '{"a":{"$numberInt":"1"}}'],
      ['has a value of no type', '{"_id":1,"a":{"$oid":"x"}}'],
      ['is empty', ''],
    ])('when a line %s', async (_, line) => {
      await edit('some', text => text.replace(/(^(?:.*\n){7}).*/, `$1${line}`))
      await expect(put(true)).rejects.toThrow('some.jsonl line 8 is not a document: ')
      await holdsNothing()
    })

    it('when an index cannot be built, even if it would replace something', async () => {
      await target.collection('some').insertOne({ old: true })
      await changeManifest(({ collections: [some] }) => {
        some?.indexes.push({ name: 'odd', key: { a: 'no such kind' } })
      })
      await expect(put(true)).rejects.toThrow(/cannot make the collection some, with the indexes odd: /)
      expect(await target.collection('some').countDocuments({ old: true })).toBe(1)
    })
  })

  it('that ends early says what is in, and can be repeated', async () => {
    await fill('a', 10)
    await fill('b', 2_500)
    await fill('c', 10)
    await source.collection('b').createIndex({ n: 1 }, { unique: true })
    await take(['a', 'b', 'c'])
    const good = await readFile(file('b.jsonl'), 'utf8')
    await edit('b', text => text.replace('"n":{"$numberInt":"1700"}', '"n":{"$numberInt":"5"}'))
    const message = await put(true).catch((error: Error) => error.message)
    expect(message).toMatch(
      /^b\.jsonl line 1701: E11000 .*\n.*a 10 of 10, b 1700 of 2500, c 0 of 10; .*--replace$/,
    )
    expect(await target.collection('b').countDocuments()).toBe(1700)
    await edit('b', () => good)
    await put(true)
    for (const name of ['a', 'b', 'c']) expect(await rawOf(target, name)).toEqual(await rawOf(source, name))
  })
})

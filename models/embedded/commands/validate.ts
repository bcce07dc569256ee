import { setImmediate as othersTurn } from 'node:timers/promises'
import { type Collection, documentPrefix, documentRange, readable } from '../catalog.ts'
import { readDocument } from '../documents.ts'
import { type Index, indexPrefix, indexRange } from '../index-definition.ts'
import { entriesOf } from '../index-entries.ts'
import { afterPrefix, encodeId } from '../keys.ts'
import { documentKey, idKeyOf } from '../records.ts'
import { type Entry, readRange, type Store } from '../store.ts'
import { describe } from '../types.ts'
import { type Command, collectionName, refuse } from './command.ts'

/** How long it goes on before others get their turn, in milliseconds. */
const SLICE_MS = 10
/** How many errors the answer names. */
const MAX_ERRORS = 100

/** What is wrong, and the name of the index that does not hold what it should. */
type Fault = readonly [text: string, index: string]

/**
 * Compares the documents of a collection with the entries of its indexes, one by one, and their number with the one
 * that is kept. What looks wrong is looked at again where no write can come between. Throws MongoError 26.
 */
const validate: Command = async ({ store, catalog }, call) => {
  refuse(call.body, ['repair', 'fixMultikey'])
  const name = collectionName(call)
  const { id, indexes } = catalog.need(call.db, name)
  const [errors, damaged, keysPerIndex] = [[] as string[], new Set<string>(), {} as Record<string, number>]

  /** Looks at the collection as it is now; one that was dropped is empty. */
  async function check(look: (now: Collection) => readonly Fault[]): Promise<void> {
    const lookNow = () => look(readable(catalog, call.db, name))
    if (lookNow().length === 0) return
    for (const [text, index] of await store.write(lookNow)) {
      damaged.add(index)
      if (errors.length < MAX_ERRORS) errors.push(text)
    }
  }

  let turn = performance.now()
  for (const index of indexes) {
    let n = 0
    for (const { key } of readRange(store, index.primary ? documentRange({ id }) : indexRange(index))) {
      n += 1
      await check(now => faultsAt(store, now, index, key))
      if (performance.now() - turn < SLICE_MS) continue
      await othersTurn()
      turn = performance.now()
    }
    keysPerIndex[index.name] = n
  }
  await check(now => {
    const [kept, stored] = [catalog.count(now), store.count(documentRange(now))]
    return kept === stored ? [] : [[`${stored} documents are stored, but ${kept} counted`, '_id_']]
  })
  const details = indexes.map(index => [index.name, { valid: !damaged.has(index.name) }])
  const answer = {
    ns: `${call.db}.${name}`,
    nrecords: keysPerIndex._id_,
    nIndexes: indexes.length,
    keysPerIndex,
  }
  const warnings = errors.length < MAX_ERRORS ? [] : ['there may be more errors than are named']
  return { ...answer, indexDetails: Object.fromEntries(details), valid: damaged.size === 0, warnings, errors }
}

/** What is wrong with what is stored under a key; what cannot be read is a fault like any other. */
function faultsAt(store: Store, collection: Collection, { id, name }: Index, key: Buffer): readonly Fault[] {
  const index = collection.indexes.find(other => other.id === id)
  const value = store.get(key)
  if (!index || !value) return []
  try {
    if (index.primary) return documentFaults(store, collection, { key, value })
    const fault = entryFault(store, collection, index, { key, value })
    return fault ? [[`entry ${key.toString('hex')} of index ${name} ${fault}`, name]] : []
  } catch (error) {
    return [[`what ${name} has at ${key.toString('hex')} cannot be read: ${(error as Error).message}`, name]]
  }
}

function documentFaults(store: Store, collection: Collection, { key, value }: Entry): readonly Fault[] {
  const doc = readDocument(value)
  const idKey = key.subarray(documentPrefix(collection).length)
  const what = `document ${describe(doc._id)}`
  if (!encodeId(doc._id).equals(idKey)) return [[`${what} is stored under another _id`, '_id_']]
  const others = collection.indexes.filter(({ primary }) => !primary)
  return others.flatMap(index => {
    const { entries, multikey } = entriesOf(index, doc)
    const keys = [...entries.values()].map(entry => Buffer.concat([indexPrefix(index), entry.key, idKey]))
    const faults = keys.filter(wanted => !store.get(wanted)).map(() => `lacks an entry in ${index.name}`)
    if (multikey && !index.multikey) faults.push(`has an array, but index ${index.name} is not multikey`)
    return faults.map((fault): Fault => [`${what} ${fault}`, index.name])
  })
}

function entryFault(store: Store, collection: Collection, index: Index, { key, value }: Entry) {
  const idKey = idKeyOf({ key, value })
  const bytes = store.get(documentKey(collection, idKey))
  if (!bytes) return 'points to no document'
  const start = key.subarray(0, key.length - idKey.length)
  const { entries } = entriesOf(index, readDocument(bytes))
  const own = entries.get(start.subarray(indexPrefix(index).length).toString('latin1'))
  if (!own) return 'is none of its document'
  if (!index.unique || own.cut) return undefined
  const alike = store
    .entries({ start, end: afterPrefix(start) }, 2)
    .filter(other => other.value.equals(value))
  return alike.length > 1 ? 'is not the only one of these values' : undefined
}

export const validateCommands: Record<string, Command> = { validate }

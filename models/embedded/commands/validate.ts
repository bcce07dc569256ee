import { setImmediate as othersTurn } from 'node:timers/promises'
import { type Collection, readable } from '../catalog.ts'
import { readDocument } from '../documents.ts'
import type { Index } from '../index-definition.ts'
import { entriesOf } from '../index-entries.ts'
import { afterPrefix, encodeId, PREFIX_BYTES, rangeOf } from '../keys.ts'
import { documentKey, idKeyOf, storedEntry } from '../records.ts'
import { type Entry, readRange, type Store } from '../store.ts'
import { describe } from '../types.ts'
import { type Command, collectionName } from './command.ts'

/** How long it goes on before others get their turn, in milliseconds. */
const SLICE_MS = 10
/** How many errors the answer names. */
const MAX_ERRORS = 100

/**
 * Compares the documents of a collection with the entries of its indexes, one by one, and their number with the one
 * that is kept. What looks wrong is looked at again where no write can come between. Throws MongoError 26.
 */
const validate: Command = async ({ store, catalog }, call) => {
  const name = collectionName(call)
  const { indexes } = catalog.need(call.db, name)
  const errors: string[] = []
  let nrecords = 0

  /** Looks at the collection as it is now; one that was dropped is empty. */
  async function check(look: (now: Collection) => readonly string[]): Promise<void> {
    const lookNow = () => look(readable(catalog, call.db, name))
    if (lookNow().length > 0) errors.push(...(await store.write(lookNow)))
  }

  let turn = performance.now()
  for (const index of indexes) {
    for (const { key } of readRange(store, rangeOf(index))) {
      if (index.primary) nrecords += 1
      await check(now => faultsAt(store, now, index, key))
      if (performance.now() - turn < SLICE_MS) continue
      await othersTurn()
      turn = performance.now()
    }
  }
  await check(now => {
    const [kept, stored] = [catalog.count(now), store.count(rangeOf(now))]
    return kept === stored ? [] : [`${stored} documents are stored, but ${kept} counted`]
  })
  const warnings = errors.length <= MAX_ERRORS ? [] : [`${errors.length} errors, of which some are named`]
  const named = { valid: errors.length === 0, warnings, errors: errors.slice(0, MAX_ERRORS) }
  return { ns: `${call.db}.${name}`, nrecords, nIndexes: indexes.length, ...named }
}

/** What is wrong with what is stored under a key; what cannot be read is a fault like any other. */
function faultsAt(store: Store, collection: Collection, { id, name }: Index, key: Buffer): string[] {
  const index = collection.indexes.find(other => other.id === id)
  const value = store.get(key)
  if (!index || !value) return []
  try {
    if (index.primary) return documentFaults(store, collection, { key, value })
    const fault = entryFault(store, collection, index, { key, value })
    return fault ? [`entry ${key.toString('hex')} of index ${name} ${fault}`] : []
  } catch (error) {
    return [`what ${name} has at ${key.toString('hex')} cannot be read: ${(error as Error).message}`]
  }
}

function documentFaults(store: Store, collection: Collection, { key, value }: Entry): string[] {
  const doc = readDocument(value)
  const idKey = key.subarray(PREFIX_BYTES)
  const what = `document ${describe(doc._id)}`
  if (!encodeId(doc._id).equals(idKey)) return [`${what} is stored under another _id`]
  const others = collection.indexes.filter(({ primary }) => !primary)
  return others.flatMap(index => {
    const { entries, multikey } = entriesOf(index, doc)
    const keys = [...entries.values()].map(entry => storedEntry(index, entry, idKey).key)
    const faults = keys.filter(wanted => !store.get(wanted)).map(() => `lacks an entry in ${index.name}`)
    if (multikey && !index.multikey) faults.push(`has an array, but index ${index.name} is not multikey`)
    return faults.map(fault => `${what} ${fault}`)
  })
}

function entryFault(store: Store, collection: Collection, index: Index, { key, value }: Entry) {
  const idKey = idKeyOf({ key, value })
  const bytes = store.get(documentKey(collection, idKey))
  if (!bytes) return 'points to no document'
  const start = key.subarray(0, key.length - idKey.length)
  const { entries } = entriesOf(index, readDocument(bytes))
  const own = entries.get(start.subarray(PREFIX_BYTES).toString('latin1'))
  if (!own) return 'is none of its document'
  if (!index.unique) return undefined
  const alike = store
    .entries({ start, end: afterPrefix(start) }, 2)
    .filter(other => other.value.equals(value))
  return alike.length > 1 ? 'is not the only one of these values' : undefined
}

export const validateCommands: Record<string, Command> = { validate }

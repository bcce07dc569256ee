import type { Document } from 'bson'
import type { Db } from 'mongodb'
import { collectionNames } from './collection-names.ts'
import type { Models } from './models.ts'

/** What the server found out about one collection. */
export interface CollectionCheck {
  collection: string
  documents: number
  /** With the one of `_id`. */
  indexes: number
  valid: boolean
  errors: string[]
  warnings: string[]
}

export interface DatabaseCheck {
  collections: CollectionCheck[]
  /** Indexes of this release's collections that are not there, or otherwise than they must be. */
  missing: { collection: string; key: Document }[]
}

/** Has the server read every document and index entry, collection by collection. Changes nothing. */
export async function checkDatabase(db: Db, models: Models): Promise<DatabaseCheck> {
  const names = await collectionNames(db)
  // Sidekick makes its indexes at the first start; before, nothing is missing.
  if (names.length === 0) return { collections: [], missing: [] }
  const collections: CollectionCheck[] = []
  for (const name of names) {
    collections.push(readReply(name, await db.command({ validate: name, full: true })))
  }
  const missing = await Promise.all(Object.values(models).map(model => missingIndexes(model)))
  return { collections, missing: missing.flat() }
}

/** What a reply of `validate` says; the counts of entries that are too many or too few are errors as well. */
export function readReply(collection: string, reply: Document): CollectionCheck {
  const perIndex = Object.entries((reply.indexDetails ?? {}) as Record<string, Document>)
  const counted = [
    [reply.extraIndexEntries?.length ?? 0, 'index entries without a document'],
    [reply.missingIndexEntries?.length ?? 0, 'index entries missing'],
    [Number(reply.nInvalidDocuments ?? 0), 'documents are no BSON'],
    [reply.corruptRecords?.length ?? 0, 'records cannot be read'],
  ] as const
  const errors = [
    ...((reply.errors ?? []) as string[]),
    ...perIndex.flatMap(([name, { errors = [] }]) => (errors as string[]).map(one => `${name}: ${one}`)),
    ...counted.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`),
  ]
  return {
    collection,
    documents: Number(reply.nrecords),
    indexes: Number(reply.nIndexes),
    valid: reply.valid === true && errors.length === 0,
    errors,
    warnings: (reply.warnings ?? []) as string[],
  }
}

async function missingIndexes(model: Models[keyof Models]): Promise<DatabaseCheck['missing']> {
  const { toCreate } = await model.diffIndexes()
  return toCreate.map((key: Document) => ({ collection: model.collection.collectionName, key }))
}

import { type Db, MongoServerError } from 'mongodb'
import { collectionNames } from './collection-names.ts'

export interface DatabaseDescription {
  /** Of MongoDB, or the one whose behaviour is followed. */
  version: string
  writable: boolean
  /** Documents and indexes of this database, in bytes. */
  bytesOnDisk: number
  collections: { collection: string; documents: number }[]
}

const unauthorized = 13

/** What the server says about a database, and how much is in it. */
export async function describeDatabase(db: Db): Promise<DatabaseDescription> {
  const [names, stats, { version }, hello, frozen] = await Promise.all([
    collectionNames(db),
    db.stats(),
    db.command({ buildInfo: 1 }),
    db.command({ hello: 1 }),
    isFrozen(db),
  ])
  return {
    version,
    writable: hello.isWritablePrimary === true && !frozen,
    bytesOnDisk: stats.totalSize ?? stats.storageSize + (stats.indexSize ?? 0),
    collections: await Promise.all(
      names.map(async collection => ({
        collection,
        documents: await db.collection(collection).countDocuments(),
      })),
    ),
  }
}

/** Whether the store takes no writes, as on a full disk. A user who may not ask is told that it does. */
async function isFrozen(db: Db): Promise<boolean> {
  try {
    const { storageEngine } = await db.command({ serverStatus: 1 })
    return storageEngine?.readOnly === true
  } catch (error) {
    if (error instanceof MongoServerError && error.code === unauthorized) return false
    throw error
  }
}

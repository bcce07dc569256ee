import type { Db } from 'mongodb'

/** True for a collection that holds documents of its own and is not the server's: no view, no `system.…`. */
export const isStored = ({ name, type }: { name: string; type?: string }): boolean =>
  type === 'collection' && !name.startsWith('system.')

/** The names of a database's stored collections, sorted. */
export async function collectionNames(db: Db): Promise<string[]> {
  const all = await db.listCollections({}, { nameOnly: true }).toArray()
  return all
    .filter(isStored)
    .map(({ name }) => name)
    .sort()
}

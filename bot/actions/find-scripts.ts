import type { Model, QueryFilter } from 'mongoose'
import type { Material } from '../../models/material.ts'
import type { Models } from '../../models/models.ts'
import type { Script } from '../../models/script.ts'

/** The corp's talk scripts that hold every word of the query, best first; all of them for an empty one. */
export async function findScripts(models: Models, corpId: string, query: string): Promise<Script[]> {
  const shelf = await shelvesOf(models).scripts(corpId)
  return matching(shelf, query)
}

/** The corp's materials that hold every word of the query, best first; all of them for an empty one. */
export async function findMaterials(models: Models, corpId: string, query: string): Promise<Material[]> {
  const shelf = await shelvesOf(models).materials(corpId)
  return matching(shelf, query)
}

interface Entry<T> {
  item: T
  /** Title, keywords, texts: what `searchText` made, with a space before and behind. */
  fields: readonly string[]
}

/** Of a material that was stored without it. Pinyin takes 15 MB and a moment to load, so it is loaded where it is wanted. */
async function searchNow(material: Material): Promise<string> {
  const { materialSearch } = await import('./search-text.ts')
  return materialSearch(material)
}

type Shelf<T> = (corpId: string) => Promise<readonly Entry<T>[]>

const shelves = new WeakMap<Models, { scripts: Shelf<Script>; materials: Shelf<Material> }>()

function shelvesOf(models: Models): { scripts: Shelf<Script>; materials: Shelf<Material> } {
  const known = shelves.get(models) ?? {
    scripts: createShelf(models.scripts, { order: 1, key: 1 }, one => one.search),
    materials: createShelf(models.materials, { _id: 1 }, one => one.search ?? searchNow(one)),
  }
  shelves.set(models, known)
  return known
}

const checkEveryMs = 1_000
/** Whether something was removed is seen by counting, which takes the database longer than to name the newest change. */
const countEveryMs = 60_000

/**
 * Keeps a corp's list in memory, in order, and looks once a second at most whether it has changed: a scan of the
 * database for every letter that somebody types would take too long.
 */
function createShelf<T extends { corpId: string; updatedAt?: Date }>(
  model: Model<T>,
  order: Record<string, 1>,
  searchOf: (item: T) => string | Promise<string>,
): Shelf<T> {
  interface Held {
    newest: number
    entries: readonly Entry<T>[]
    checkedAt: number
    countedAt: number
  }
  const held = new Map<string, Held>()
  const reading = new Map<string, Promise<Held>>()

  async function refresh(corpId: string): Promise<Held> {
    const known = held.get(corpId)
    // Asked for before the list is read: what changes meanwhile is seen the next time.
    const newest = await newestChange(corpId)
    const now = Date.now()
    const fresh =
      known?.newest === newest && (await isComplete(corpId, known))
        ? { ...known, checkedAt: now }
        : { newest, entries: await read(corpId), checkedAt: now, countedAt: now }
    held.set(corpId, fresh)
    return fresh
  }

  async function newestChange(corpId: string): Promise<number> {
    const found = await model
      .findOne({ corpId } as QueryFilter<T>, { updatedAt: 1 })
      .sort({ updatedAt: -1 })
      .lean<{ updatedAt?: Date }>()
    return found?.updatedAt?.getTime() ?? 0
  }

  async function isComplete(corpId: string, known: Held): Promise<boolean> {
    if (Date.now() - known.countedAt < countEveryMs) return true
    known.countedAt = Date.now()
    return (await model.countDocuments({ corpId } as QueryFilter<T>)) === known.entries.length
  }

  async function read(corpId: string): Promise<Entry<T>[]> {
    const items = await model
      .find({ corpId } as QueryFilter<T>)
      .sort(order)
      .lean<T[]>()
    return Promise.all(
      items.map(async item => {
        const fields = (await searchOf(item)).split('\n').map(field => ` ${field} `)
        return { item, fields }
      }),
    )
  }

  return async corpId => {
    const known = held.get(corpId)
    if (known !== undefined && Date.now() - known.checkedAt < checkEveryMs) return known.entries
    const running = reading.get(corpId) ?? refresh(corpId).finally(() => reading.delete(corpId))
    reading.set(corpId, running)
    return (await running).entries
  }
}

function matching<T>(entries: readonly Entry<T>[], query: string): T[] {
  const words = query.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return entries.map(({ item }) => item)
  return entries
    .flatMap(({ item, fields }) => {
      let rank = 0
      for (const word of words) rank += rankOf(fields, word)
      return rank === Number.POSITIVE_INFINITY ? [] : [{ item, rank }]
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

/** The title before keywords before texts; the whole word before its beginning before its middle. */
function rankOf(fields: readonly string[], word: string): number {
  for (const [index, field] of fields.entries()) {
    if (!field.includes(word)) continue
    if (field.includes(` ${word} `)) return index * 3
    return field.includes(` ${word}`) ? index * 3 + 1 : index * 3 + 2
  }
  return Number.POSITIVE_INFINITY
}

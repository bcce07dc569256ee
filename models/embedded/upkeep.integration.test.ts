import { expect, it } from 'vitest'
import { openEngine } from './engine.ts'
import { documentKey } from './records.ts'
import { startUpkeep } from './upkeep.ts'

it('tells of a document it cannot remove, and tries again at the next turn', async () => {
  const engine = await openEngine(undefined)
  const collection = await engine.store.write(() => {
    const made = engine.catalog.ensure('d', 'c')
    engine.catalog.addIndex(made, { key: { at: 1 }, name: 'at', expireAfterSeconds: 0 })
    engine.records.insert(engine.catalog.need('d', 'c'), { _id: 1, at: new Date(0) })
    return engine.catalog.need('d', 'c')
  })
  const [entry] = engine.store.entries(
    { start: documentKey(collection, Buffer.alloc(0)), end: documentKey(collection, Buffer.alloc(8, 0xff)) },
    1,
  )
  if (!entry) throw new Error('the document is not there')
  await engine.store.write(() => engine.store.put(entry.key, Buffer.from('broken')))
  const faults: unknown[] = []
  const upkeep = startUpkeep(engine, 5, fault => faults.push(fault))
  await expect.poll(() => faults.length, { interval: 5 }).toBeGreaterThan(1)
  await engine.store.write(() => engine.store.put(entry.key, entry.value))
  await expect.poll(() => engine.catalog.count(collection), { interval: 5 }).toBe(0)
  await upkeep.stop()
  await engine.store.close()
})

import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openStore, type Store } from './store.ts'

let folder: string
let store: Store
const failures: (Error | undefined)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedded-store-'))
  store = openStore(join(folder, 'data'), { onFailure: failure => failures.push(failure) })
})

afterEach(async () => {
  failures.length = 0
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

it('stays unwritable until something has been written, whatever commands that write nothing do', async () => {
  const put = () => store.put(Buffer.from('k'), Buffer.from('v'))
  await store.write(put)
  // Of a folder that is not in its place the free space cannot be told.
  await rename(join(folder, 'data'), join(folder, 'away'))
  await expect(store.write(put)).rejects.toMatchObject({ code: 8 })
  await store.write(() => 'nothing to change')
  const undone = store.write(() => {
    put()
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  expect(store.failure()).toBeDefined()
  expect(failures).toEqual([expect.any(Error)])

  await rename(join(folder, 'away'), join(folder, 'data'))
  await store.write(put)
  expect(store.failure()).toBeUndefined()
  expect(failures).toEqual([expect.any(Error), undefined])
})

it('writes nothing of what it is not admitted to', async () => {
  const key = Buffer.from('k')
  let owned = true
  const guarded = openStore(join(folder, 'guarded'), {
    admit() {
      if (!owned) throw new Error('another owns it')
    },
  })
  await guarded.write(() => guarded.put(key, Buffer.from('before')))
  const late = guarded.write(() => guarded.put(key, Buffer.from('after')))
  owned = false
  await expect(late).rejects.toThrow('another owns it')
  expect(String(guarded.get(key))).toBe('before')
  await guarded.close()
})

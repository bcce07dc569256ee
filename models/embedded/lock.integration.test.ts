import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Lock, type LockOptions, lockFolder } from './lock.ts'
import { isAlive, type Owner, ownPlace, readOwner } from './owner.ts'

const MINUTE_MS = 60_000
/** Above what any system numbers its processes with. */
const NO_PROCESS = 2 ** 30

let dir: string
const locks = new Set<Lock>()

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'embedded-lock-'))
})

afterEach(async () => {
  for (const lock of locks) await lock.release()
  locks.clear()
  await rm(dir, { recursive: true, force: true })
})

async function take(options?: LockOptions): Promise<Lock> {
  const lock = await lockFolder(dir, options)
  locks.add(lock)
  return lock
}

async function leave(name: string, content: object | undefined, ageMs: number): Promise<void> {
  await writeFile(join(dir, name), content ? JSON.stringify(content) : '')
  const at = new Date(Date.now() - ageMs)
  await utimes(join(dir, name), at, at)
}

const elsewhere: Owner = { pid: NO_PROCESS, born: '1', space: 'another', host: 'another', token: 't' }

describe('a guard that was left behind', () => {
  it('is removed also when the clock was set back since', async () => {
    await leave('owner.guard', undefined, -60 * MINUTE_MS)
    await take()
  })

  it('is removed when it has stood still, however young it seems', async () => {
    await leave('owner.guard', { ...elsewhere }, 0)
    await take()
  })

  it('is removed at once when its holder is seen to have ended', async () => {
    await leave('owner.guard', { ...ownPlace(), pid: NO_PROCESS, token: 't' }, 0)
    const start = performance.now()
    await take()
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

describe('an owner in another container or on another host', () => {
  it('is alive while it gives signs of life', async () => {
    await leave('owner.json', elsewhere, 0.4 * MINUTE_MS)
    await expect(take()).rejects.toMatchObject({ code: 'EMBEDDED_OWNED', owner: { host: 'another' } })
  })

  it('has ended when it has given none for long', async () => {
    await leave('owner.json', elsewhere, MINUTE_MS)
    await take()
    expect(await readOwner(dir)).toMatchObject(ownPlace())
  })

  it('shares a process number with one of here, and is told from it', async () => {
    await leave('owner.json', { ...elsewhere, pid: process.pid, born: ownPlace().born }, MINUTE_MS)
    const owner = await readOwner(dir)
    expect(owner && isAlive(owner)).toBe(false)
  })
})

describe('the owner of a folder', () => {
  it('gives signs of life', async () => {
    await take({ beatMs: 10 })
    const path = join(dir, 'owner.json')
    const old = new Date(Date.now() - MINUTE_MS)
    await utimes(path, old, old)
    await expect
      .poll(async () => Date.now() - (await stat(path)).mtimeMs, { timeout: 5000 })
      .toBeLessThan(MINUTE_MS / 2)
  })

  it('leaves a lock alone that is another’s by now', async () => {
    const lock = await take()
    await leave('owner.json', elsewhere, 0)
    await expect(lock.announce('mongodb://x/')).rejects.toMatchObject({ code: 'EMBEDDED_OWNED' })
    await lock.release()
    expect(JSON.parse(await readFile(join(dir, 'owner.json'), 'utf8'))).toEqual(elsewhere)
  })

  it('is told when the folder is another’s by now', async () => {
    const lost = new Promise<void>(
      resolve => void take({ beatMs: 10, onLost: resolve }).then(() => leave('owner.json', elsewhere, 0)),
    )
    await lost
  })
})

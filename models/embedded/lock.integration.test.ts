import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Lock, Owner } from './lock.ts'

const meanwhile = vi.hoisted(() => ({ happens: () => {} }))
vi.mock(import('./address.ts'), async original => {
  const real = await original()
  return {
    ...real,
    /** Asked for after the owner was read and before the folder is taken. */
    socketNamed(name) {
      meanwhile.happens()
      return real.socketNamed(name)
    },
  }
})
// Another file of this process may have loaded it with the real one.
vi.resetModules()
const { lockFolder, ownerFile, readOwner, SILENCE_MS, sightOf } = await import('./lock.ts')
afterAll(() => {
  vi.doUnmock('./address.ts')
  vi.resetModules()
})

let dir: string
const locks = new Set<Lock>()
const children = new Set<ChildProcess>()

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'embedded-lock-'))
})

afterEach(async () => {
  meanwhile.happens = () => {}
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  for (const lock of locks) lock.release()
  locks.clear()
  await rm(dir, { recursive: true, force: true })
})

async function take(beatMs?: number, onLost: () => void = () => undefined): Promise<Lock> {
  const lock = await lockFolder(dir, onLost, beatMs)
  locks.add(lock)
  return lock
}

async function leave(owner: Owner, ageMs: number, number = 1): Promise<void> {
  const path = ownerFile(dir, number)
  await writeFile(path, JSON.stringify(owner))
  const at = new Date(Date.now() - ageMs)
  await utimes(path, at, at)
}

/** Processes that take the folder at one moment and tell what came of it; a winner stays until it is ended. */
async function race(count: number): Promise<{ child: ChildProcess; took: boolean }[]> {
  const lock = join(import.meta.dirname, '../../dist/models/embedded/lock.js')
  const script = `import { lockFolder } from ${JSON.stringify(lock)}
    process.stdin.once('data', async () => {
      try {
        await lockFolder(process.argv[1], () => process.exit(9))
        setInterval(() => {}, 1000)
        process.stdout.write('took')
      } catch (error) {
        process.stdout.write(error.code ?? String(error))
      }
    })
    process.stdout.write('ready')`
  const contenders = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir])
    children.add(child)
    return child
  })
  await Promise.all(contenders.map(child => once(child.stdout, 'data')))
  const said = contenders.map(async child => String((await once(child.stdout, 'data'))[0]))
  for (const child of contenders) child.stdin.write('go')
  const words = await Promise.all(said)
  expect(words.filter(word => word !== 'took')).toEqual(Array(count - 1).fill('EMBEDDED_OWNED'))
  return contenders.map((child, i) => ({ child, took: words[i] === 'took' }))
}

const elsewhere = (): Owner => ({
  pid: process.pid,
  host: 'another',
  folder: statSync(dir).ino,
  presence: '/nowhere/t.sock',
})
const ownerFiles = async () => (await readdir(dir)).filter(name => name.startsWith('owner')).sort()

describe('of many processes that start at once', () => {
  it('one owns the folder, and one again whenever that one is killed', async () => {
    for (let round = 0; round < 3; round += 1) {
      const contenders = await race(6)
      const owner = contenders.find(one => one.took)?.child
      expect(readOwner(dir)?.pid).toBe(owner?.pid)
      for (const { child } of contenders) child.kill('SIGKILL')
      await Promise.all(
        contenders.map(({ child }) => child.exitCode ?? child.signalCode ?? once(child, 'exit')),
      )
    }
  })
})

describe('of two that would succeed the same owner', () => {
  const other = (): Owner => ({ ...elsewhere(), presence: '/nowhere/u.sock' })

  it.each([1, 0])('the one that finds it succeeded in the meantime leaves it to the other', async stood => {
    if (stood) await leave(elsewhere(), 2 * SILENCE_MS)
    meanwhile.happens = () => writeFileSync(ownerFile(dir, stood + 1), JSON.stringify(other()))
    await expect(take()).rejects.toMatchObject({ code: 'EMBEDDED_OWNED' })
    expect(readOwner(dir)).toMatchObject(other())
    expect(await ownerFiles()).toHaveLength(stood + 1)
  })

  it.each([
    ['another has taken it', other],
    ['another has given it up', () => null],
  ])(
    'the one that comes so late that %s and nothing is left of the first leaves it as it is',
    async (_what, now) => {
      await leave(elsewhere(), 2 * SILENCE_MS)
      meanwhile.happens = () => {
        rmSync(ownerFile(dir, 1))
        writeFileSync(ownerFile(dir, 3), JSON.stringify(now()))
      }
      await expect(take()).rejects.toMatchObject({ code: 'EMBEDDED_OWNED' })
      expect(await ownerFiles()).toEqual(['owner.3.json'])
      expect(JSON.parse(await readFile(ownerFile(dir, 3), 'utf8'))).toEqual(now())
    },
  )

  it('the one that wins leaves one file, and none of those who were late and killed', async () => {
    await leave(elsewhere(), 2 * SILENCE_MS, 8)
    await leave(other(), 0, 7)
    await take()
    expect(readOwner(dir)?.pid).toBe(process.pid)
    expect(await ownerFiles()).toEqual(['owner.9.json'])
  })
})

it('the owner of a folder does not own its copy', async () => {
  await take()
  const copy = await mkdtemp(join(tmpdir(), 'embedded-copy-'))
  try {
    await cp(dir, copy, { recursive: true })
    expect(readOwner(dir)).toBeDefined()
    expect(readOwner(copy)).toBeUndefined()
    ;(await lockFolder(copy, () => undefined)).release()
  } finally {
    await rm(copy, { recursive: true })
  }
})

describe('an owner that was killed', () => {
  it('is replaced at once, though its number and its name live on', async () => {
    const gone = join(dir, 'gone.sock')
    const script = `require('net').createServer().listen(process.argv[1], () => console.log('listens'))`
    const child = spawn(process.execPath, ['-e', script, gone])
    children.add(child)
    await once(child.stdout, 'data')
    await leave({ ...elsewhere(), presence: gone }, 0)
    await expect(take()).rejects.toMatchObject({ code: 'EMBEDDED_OWNED' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(existsSync(gone)).toBe(true)
    await take()
    expect(existsSync(gone)).toBe(false)
  })

  it('is running while it only cannot answer', async () => {
    const busy = join(dir, 'busy.sock')
    const script = `require('net').createServer().listen(process.argv[1], () => console.log('listens'))`
    const child = spawn(process.execPath, ['-e', script, busy])
    children.add(child)
    await once(child.stdout, 'data')
    child.kill('SIGSTOP')
    await leave({ ...elsewhere(), presence: busy }, 10 * SILENCE_MS)
    await expect(take()).rejects.toMatchObject({ code: 'EMBEDDED_OWNED' })
  })
})

describe('an owner in another container or on another host', () => {
  it('is alive while it gives signs of life', async () => {
    await leave(elsewhere(), 0.8 * SILENCE_MS)
    await expect(take()).rejects.toThrow(/process \d+ on another/)
  })

  it('has ended when it has given none for long', async () => {
    await leave(elsewhere(), 2 * SILENCE_MS)
    await take()
    const presence = expect.not.stringMatching(elsewhere().presence)
    expect(readOwner(dir)).toMatchObject({ pid: process.pid, presence })
  })
})

describe('the owner of a folder', () => {
  it('is seen to run until it gives the folder up, and is succeeded at once then', async () => {
    const lock = await take()
    const owner = readOwner(dir)
    if (!owner) throw new Error('there is no owner')
    expect(await sightOf(owner)).toBe('running')
    lock.release()
    expect(existsSync(owner.presence)).toBe(false)
    expect(readOwner(dir)).toBeUndefined()
    await take()
    expect(await ownerFiles()).toEqual(['owner.2.json'])
  })

  it('gives signs of life', async () => {
    await take(10)
    const path = ownerFile(dir, 1)
    const old = new Date(Date.now() - 2 * SILENCE_MS)
    await utimes(path, old, old)
    await expect.poll(async () => Date.now() - (await stat(path)).mtimeMs).toBeLessThan(SILENCE_MS)
  })

  it('leaves a lock alone that is another’s by now', async () => {
    const lock = await take()
    await leave(elsewhere(), 0, 2)
    expect(() => lock.announce('mongodb://x/')).toThrow(expect.objectContaining({ code: 'EMBEDDED_OWNED' }))
    lock.release()
    expect(readOwner(dir)).toMatchObject(elsewhere())
  })

  it('is told when the folder is another’s by now', async () => {
    const lost = new Promise<void>(resolve => void take(10, resolve).then(() => leave(elsewhere(), 0, 2)))
    await lost
  })

  it('looks whether the folder is another’s before it goes on after a long sleep', async () => {
    const onLost = vi.fn()
    const lock = await take(60_000, onLost)
    await leave(elsewhere(), 0, 2)
    lock.ensure()
    expect(onLost).not.toHaveBeenCalled()
    vi.setSystemTime(Date.now() + SILENCE_MS)
    try {
      lock.ensure()
    } finally {
      vi.useRealTimers()
    }
    expect(onLost).toHaveBeenCalledOnce()
  })
})

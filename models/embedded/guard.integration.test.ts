import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lookAtGuard, removeAbandoned, withGuard } from './guard.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'embedded-guard-'))
})

afterEach(() => rm(dir, { recursive: true, force: true }))

it('one at a time acts, also when many have seen the same file left behind', async () => {
  const path = join(dir, 'guard')
  let acting = 0
  let most = 0
  for (let round = 0; round < 3; round += 1) {
    await writeFile(path, '')
    const old = new Date(Date.now() - 120_000)
    await utimes(path, old, old)
    const act = async () => {
      acting += 1
      most = Math.max(most, acting)
      for (let turn = 0; turn < 10; turn += 1) await readdir(dir)
      acting -= 1
    }
    await Promise.all(Array.from({ length: 8 }, () => withGuard(path, act)))
    expect(await readdir(dir)).toEqual([])
  }
  expect(most).toBe(1)
})

it('what was seen left behind is removed, not what another has made in its place since', async () => {
  const path = join(dir, 'guard')
  await writeFile(path, '')
  const seen = await lookAtGuard(path)
  if (!seen) throw new Error('the guard is not there')
  await removeAbandoned(path, seen.id)
  expect(await readdir(dir)).toEqual([])
  await withGuard(path, async () => {
    await removeAbandoned(path, seen.id)
    expect(await readdir(dir)).toEqual(['guard'])
  })
})

it('who lost the guard to another does not remove the other one', async () => {
  const path = join(dir, 'guard')
  const other = JSON.stringify({ pid: 1, token: 'other' })
  await withGuard(path, () => writeFile(path, other))
  expect(await readFile(path, 'utf8')).toBe(other)
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Koa from 'koa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Apps } from '../../bot/apps.ts'
import { healthRoutes } from '../../bot/health.ts'
import { createMetrics } from '../../bot/metrics.ts'
import { type Database, openDatabase } from '../connect.ts'
import { ensureEmbedded } from './ensure.ts'
import { readOwner } from './lock.ts'

let dataDir: string
let database: Database | undefined
const logged: string[] = []

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'embedded-read-only-'))
})

afterEach(async () => {
  await database?.close()
  const pid = readOwner(join(dataDir, 'db'))?.pid
  if (pid !== undefined) process.kill(pid)
  await expect.poll(() => readOwner(join(dataDir, 'db'))).toBeUndefined()
  await rm(dataDir, { recursive: true, force: true })
})

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Starts the database's process with a disk that counts as full, as more is to be left than any disk has. */
async function startOnFullDisk(): Promise<number> {
  const { pid } = await ensureEmbedded({ dir: join(dataDir, 'db') })
  process.kill(pid)
  await expect.poll(() => runs(pid)).toBe(false)
  const main = join(import.meta.dirname, '../../dist/models/embedded/main.js')
  const reserve = String(2 ** 52)
  const child = spawn(process.execPath, [main, '--dir', join(dataDir, 'db'), '--reserve-bytes', reserve])
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the database ended with ${code}: ${child.stderr.read()}`)
  })
  await Promise.race([once(child.stdout, 'data'), ended])
  ended.catch(() => undefined)
  return child.pid ?? 0
}

async function serveHealth(open: Database): Promise<() => Promise<{ status: number; body: unknown }>> {
  const well = { tokenStop: () => undefined, ticketStop: () => undefined }
  const koa = new Koa().use(
    healthRoutes({
      database: open,
      metrics: createMetrics(),
      jobs: { workers: async () => ['one'] },
      apps: { client: async () => well } as unknown as Apps,
      corpId: 'corp',
      config: { mode: 'production', roles: new Set(['web']) },
    }).routes(),
  )
  const http = createServer(koa.callback()).listen(0, '127.0.0.1').unref()
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  return async () => {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`)
    return { status: response.status, body: await response.json() }
  }
}

it('a full disk is told by the readiness and once in the log, and so is its end', async () => {
  const pid = await startOnFullDisk()
  database = await openDatabase({
    dataDir,
    log: (level, message) => void logged.push(`${level}: ${message}`),
  })
  const ready = await serveHealth(database)
  expect(await database.state()).toEqual({ state: 'ok' })
  for (let turn = 0; turn < 3; turn += 1) {
    expect(await ready()).toMatchObject({
      status: 503,
      body: {
        status: 'unavailable',
        database: { mode: 'embedded', state: 'degraded', reason: expect.stringMatching(/disk .* is full/) },
        reason: expect.stringMatching(/nothing can be written at the moment: only \d+ KiB are left/),
      },
    })
  }
  expect(await database.connection.collection('things').countDocuments()).toBe(0)
  // Started anew it finds room.
  process.kill(pid, 'SIGKILL')
  await expect
    .poll(ready, { timeout: 30_000 })
    .toMatchObject({ status: 200, body: { status: 'ok', database: { mode: 'embedded', state: 'ok' } } })
  expect(await database.state()).toEqual({ state: 'ok' })
  const told = logged.filter(line => /read-only|written again/.test(line))
  expect(told).toEqual([
    'error: the database is read-only: the disk under DATA_DIR is full',
    'warn: the database can be written again',
  ])
})

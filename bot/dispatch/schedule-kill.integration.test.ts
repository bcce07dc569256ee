import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { freePort } from '../../fixtures/processes.ts'
import { type Service, startService } from '../../fixtures/service.ts'
import type { OutboxEntry } from '../../fixtures/simulator/outbox.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { control } from '../../fixtures/test/visitor.ts'
import { actions } from '../actions/registry.ts'
import { publishHandler } from '../handlers/publish.ts'
import { leaseName } from './lease.ts'

const patience = { timeout: 40_000, interval: 20 }
const minute = 60_000

let sidekick: TestSidekick
let folder = ''
const workers: Service[] = []
beforeAll(async () => {
  // It takes no part in schedules: those who do can be killed.
  sidekick = await startTestSidekick({ ROLES: 'web', ADMIN_STAFF: 'lina' })
  folder = await mkdtemp(join(tmpdir(), 'sidekick-schedules-'))
})
afterAll(async () => {
  await Promise.all(workers.map(worker => worker.close()))
  await sidekick?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A daily schedule in the demo's time zone, which has no summer time. */
function dailyAt(moment: number): string {
  const there = new Date(moment + 8 * 60 * minute)
  return `${there.getUTCMinutes()} ${there.getUTCHours()} * * *`
}

async function startWorker(): Promise<Service> {
  const dataDir = await mkdtemp(join(folder, 'worker-'))
  const port = await freePort()
  const env = { ...sidekick.env, ROLES: 'worker', DATA_DIR: dataDir, PORT: String(port) }
  const worker = startService({ dataDir, port, env })
  workers.push(worker)
  await worker.ready(120_000)
  return worker
}

it('runs once what two processes find due, one of which is killed in the middle of it', async () => {
  const { models } = sidekick.database
  const { corpId } = sidekick.app
  const moment = Math.floor(Date.now() / minute) * minute - 2 * minute
  const tell = { id: 'tell', action: 'staff.notify', with: { to: ['admin'], text: '早报来了' } }
  const trigger = { schedule: dailyAt(moment) }
  const document = { schemaVersion: 1, key: 'early', title: '早报', trigger, steps: [tell] }
  await publishHandler(models, corpId, document, actions)
  const yesterday = new Date(moment - 24 * 60 * minute)
  await models.handlerRevisions.updateOne({ corpId, key: 'early' }, { publishedAt: yesterday })
  // What both find due as they start is begun when both are there.
  const lock = leaseName({ corpId, key: 'handler:early' })
  await models.locks.create({ _id: lock, owner: 'test', until: new Date(Date.now() + 10 * minute) })
  await Promise.all([startWorker(), startWorker()])
  const starts = () => models.inbox.find({ 'start.handler': 'early' }).lean()
  await vi.waitFor(async () => expect(await starts()).toHaveLength(1), patience)
  // Its three tries are long enough to be killed in the middle of them, and each ends before it counts as unanswered.
  await control(sidekick, 'POST', 'faults', [{ path: 'message/send', delayMs: 2_500, errcode: -1 }])
  await models.locks.deleteOne({ _id: lock })

  const holder = await vi.waitFor(async () => {
    expect(await control(sidekick, 'GET', 'calls')).toHaveProperty(['message/send'])
    const { owner } = await models.locks.findById(lock).orFail().lean()
    return workers.find(worker => worker.pids.includes(Number(owner.split(':')[1])))
  }, patience)
  expect(await models.runs.findOne({ handler: 'early' }).lean()).toMatchObject({ state: 'running' })
  expect(await holder?.kill()).toBe(true)
  await control(sidekick, 'DELETE', 'faults')

  await vi.waitFor(async () => expect(await starts()).toMatchObject([{ state: 'done' }]), patience)
  await holder?.ready(120_000)
  const [row, ...others] = await starts()
  expect(others).toEqual([])
  expect(row?.createdAt).toEqual(new Date(moment))
  expect(row?.passed).toBeUndefined()
  const runs = await models.runs.find({ handler: 'early' }).lean()
  expect(runs).toMatchObject([
    { event: row?._id, trigger: 'schedule', state: 'done', steps: [{ attempts: 2 }] },
  ])
  const outbox = await control<OutboxEntry[]>(sidekick, 'GET', 'outbox')
  expect(outbox.filter(entry => JSON.stringify(entry.params).includes('早报来了'))).toHaveLength(1)
}, 300_000)

import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type EventRig, openEventRig, rigCorp } from '../../fixtures/test/event-rig.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { openOperator, type TestOperator } from '../../fixtures/test/operator.ts'
import {
  handlersOff,
  handlersOn,
  handlersPause,
  handlersResume,
} from '../../jobs/operator/handler-switch-verbs.ts'
import type { Database } from '../../models/connect.ts'
import { actions } from '../actions/registry.ts'
import { createLiveHandlers } from '../handlers/live.ts'
import { publishHandler } from '../handlers/publish.ts'
import { handleEvent } from './handle-event.ts'
import { dispatchLimits } from './limits.ts'
import { runEvent } from './run-event.ts'
import { createScheduleWatch } from './schedules.ts'

const minute = 60_000

let database: Database
let rig: EventRig
let operator: TestOperator
beforeAll(async () => {
  database = await openTestDatabase()
  rig = await openEventRig(database, { actions, platform: 'http://127.0.0.1:1' })
  operator = openOperator(database)
})
afterAll(async () => {
  await operator?.close()
  await rig?.close()
  await database?.close()
})
afterEach(async () => {
  await Promise.all([database.models.inbox.deleteMany({}), database.models.runs.deleteMany({})])
  await database.models.corps.updateOne({ corpId: rigCorp }, { $unset: { paused: 1 } })
})

const verbs = { off: handlersOff, on: handlersOn, pause: handlersPause, resume: handlersResume }
const operate = (verb: keyof typeof verbs, key = '') => operator.run(verbs[verb], { corp: rigCorp, key })

/** A handler of every day, published long ago, whose moment was two minutes ago; and that moment. */
async function publishDue(): Promise<{ key: string; moment: number }> {
  const moment = Math.floor(rig.deps.clock.now() / minute) * minute - 2 * minute
  // The corp's time zone has no summer time.
  const there = new Date(moment + 8 * 60 * minute)
  const trigger = { schedule: `${there.getUTCMinutes()} ${there.getUTCHours()} * * *` }
  const key = `due-${randomUUID()}`
  const steps = [{ id: 'end', action: 'stop' }]
  const { models } = database
  await publishHandler(models, rigCorp, { schemaVersion: 1, key, title: '早报', trigger, steps }, actions)
  const publishedAt = new Date(moment - 2 * 24 * 60 * minute)
  await models.handlerRevisions.updateMany({ corpId: rigCorp, key }, { publishedAt })
  return { key, moment }
}

/** A worker that has just been started, so that it sees what was switched a moment ago. */
const worker = () => ({ ...rig.deps, live: createLiveHandlers(database.models, actions, () => undefined) })

/** Lets a worker look at schedules, now or at a moment. */
const look = (at = rig.deps.clock.now()) => createScheduleWatch(worker())(at)

const startsOf = (key: string) =>
  database.models.inbox.find({ 'start.handler': key }).sort({ createdAt: 1 }).lean()

/** Lets a worker handle the starts that wait, and gives those that there are, with their runs. */
async function handled(key: string) {
  for (const row of await startsOf(key))
    if (row.state === 'waiting') await handleEvent(worker(), runEvent, row, dispatchLimits)
  const runs = await database.models.runs.find({ handler: key }).lean()
  return { starts: await startsOf(key), runs: runs.length }
}

describe('a scheduled handler that is switched', () => {
  it('runs where nothing was switched', async () => {
    const { key, moment } = await publishDue()
    await look()
    const { starts, runs } = await handled(key)
    expect(starts).toMatchObject([{ createdAt: new Date(moment), state: 'done' }])
    expect(starts[0]).not.toHaveProperty('passed')
    expect(runs).toBe(1)
  })

  it('off at the moment and on after it has no start of that moment', async () => {
    const { key } = await publishDue()
    await operate('off', key)
    await look()
    await operate('on', key)
    await look()
    expect(await handled(key)).toEqual({ starts: [], runs: 0 })
  })

  it('off between its start and its turn is passed over as off, and on again does not make up for it', async () => {
    const { key } = await publishDue()
    await look()
    await operate('off', key)
    const off = [{ handler: key, revision: 0, stage: 'off', why: 'it is switched off' }]
    expect(await handled(key)).toMatchObject({ starts: [{ state: 'done', passed: off }], runs: 0 })
    await operate('on', key)
    await look()
    expect(await handled(key)).toMatchObject({ starts: [{ state: 'done', passed: off }], runs: 0 })
  })

  it('off and on again before its turn runs', async () => {
    const { key } = await publishDue()
    await look()
    await operate('off', key)
    await operate('on', key)
    expect(await handled(key)).toMatchObject({ starts: [{ state: 'done' }], runs: 1 })
  })
})

describe('a scheduled handler while all are paused', () => {
  it('is passed over at its moment, which is not made up for when they are resumed', async () => {
    const { key, moment } = await publishDue()
    await operate('pause')
    await look()
    const why = expect.stringMatching(/^since .+ by operator$/)
    const paused = [{ handler: key, revision: 1, stage: 'paused', why }]
    expect(await handled(key)).toMatchObject({ starts: [{ state: 'done', passed: paused }], runs: 0 })
    await operate('resume')
    await look()
    expect(await handled(key)).toMatchObject({ starts: [{ state: 'done', passed: paused }], runs: 0 })
    // The next day is one like others.
    await look(moment + 24 * 60 * minute)
    expect(await handled(key)).toMatchObject({ starts: [{ passed: paused }, { state: 'done' }], runs: 1 })
  })

  it('runs where they were resumed before its turn', async () => {
    const { key } = await publishDue()
    await operate('pause')
    await look()
    await operate('resume')
    const { starts, runs } = await handled(key)
    expect(starts[0]).not.toHaveProperty('passed')
    expect(runs).toBe(1)
  })
})

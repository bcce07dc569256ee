import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { packageRoot } from '../../fixtures/root.ts'
import { rigCorp } from '../../fixtures/test/event-rig.ts'
import { type KillScene, openKillScene, requestAndConfirmation } from '../../fixtures/test/kill-scene.ts'
import { freshDatabaseUri, openTestDatabase } from '../../fixtures/test/open-database.ts'
import { type StubPlatform, startStubPlatform } from '../../fixtures/test/stub-platform.ts'
import type { Database } from '../../models/connect.ts'
import type { RunStep } from '../../models/run.ts'
import { createInbox } from './inbox.ts'

let database: Database
let world: StubPlatform
let scene: KillScene
const children = new Set<ChildProcess>()
/** One is started while another one works. */
let ready: Promise<ChildProcess>
beforeAll(async () => {
  database = await openTestDatabase()
  world = await startStubPlatform()
  scene = await openKillScene(database, world.url)
  ready = startChild()
})
afterAll(async () => {
  await ready
  for (const child of children) child.kill('SIGKILL')
  await scene.dispatcher.drain(5_000)
  await scene.rig.close()
  await world.close()
  await database.close()
})

async function startChild(): Promise<ChildProcess> {
  const path = join(packageRoot(), 'dist/fixtures/test/kill-child.js')
  const uri = freshDatabaseUri().replace(/test_[0-9a-f]+/, database.connection.name)
  const child = fork(path, [uri, world.url], { execArgv: ['--enable-source-maps'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with code ${code}`)))
  await Promise.race([once(child, 'message'), ended])
  ended.catch(() => undefined)
  return child
}

/** Has a child handle a customer's events until it kills itself, or to the end. @returns how many boundaries it saw */
async function handledBy(child: ChildProcess, killAt: number, ids: string[]): Promise<number | 'killed'> {
  const killed = once(child, 'exit').then(([, signal]) => (signal === 'SIGKILL' ? 'killed' : undefined))
  const told = once(child, 'message').then(([{ boundaries }]) => boundaries as number)
  child.send({ killAt, ids })
  const result = await Promise.race([killed, told])
  if (result === undefined) throw new Error('the child ended by itself')
  if (result !== 'killed') child.disconnect()
  return result
}

/** Steps of the scene that have an effect, in the order in which they come. */
const order = ['say', 'mark', 'ping', 'last', 'wait']
/** Those that must not be done twice unless nobody knows whether they were done. */
const spoken = ['say', 'ping']

async function begin(killAt: number) {
  const externalUserid = `wm${killAt}`
  const events = requestAndConfirmation(externalUserid)
  const inbox = createInbox(database.models, 3_600_000, scene.rig.deps)
  for (const event of events) await inbox.put(event, '1000002')
  const ids = events.map(({ id }) => id)
  const child = await ready
  ready = startChild()
  const effects = (): string[] => {
    const prefix = `/effect/${externalUserid}/`
    return world.calls.filter(path => path.startsWith(prefix)).map(path => path.slice(prefix.length))
  }
  const stepsOf = async (): Promise<RunStep[]> =>
    (await database.models.runs.findOne({ corpId: rigCorp, externalUserid }).lean())?.steps ?? []
  return { events, ids, child, effects, stepsOf }
}

/** As many as a whole run of the scene has; the last `it` sees to it. */
const boundaries = 32

describe('a process that is killed', () => {
  it.each(Array.from({ length: boundaries }, (_, n) => n + 1))(
    'at boundary %i leaves to another one what was not stored, and nothing else',
    async killAt => {
      const { events, ids, child, effects, stepsOf } = await begin(killAt)
      expect(await handledBy(child, killAt, ids)).toBe('killed')
      const [before, left] = [effects(), await stepsOf()]
      for (const event of events) scene.dispatcher.accept(event)
      await vi.waitFor(
        async () =>
          expect(await database.models.inbox.countDocuments({ _id: { $in: ids }, state: 'done' })).toBe(2),
        { timeout: 20_000 },
      )
      const [after, steps] = [effects(), await stepsOf()]
      expect(steps.map(({ id, state }) => `${id} ${state}`)).toEqual([
        ...['say done', 'mark done', 'never skipped', 'ping done', 'wait done', 'last done'],
      ])
      const times = (list: string[], id: string): number => list.filter(one => one === id).length
      for (const { id } of left.filter(({ state }) => state === 'done'))
        expect(times(after, id), `${id} was stored as done`).toBe(times(before, id))
      const begun = order.filter(id => before.includes(id))
      for (const id of begun.slice(0, -1))
        expect(left.find(step => step.id === id)?.state, `${id} before a later one began`).toBe('done')
      for (const id of order) {
        expect(times(after, id), id).toBeGreaterThanOrEqual(1)
        expect(times(after, id), id).toBeLessThanOrEqual(2)
      }
      for (const id of spoken) {
        const { uncertain } = steps.find(step => step.id === id) ?? {}
        if (times(after, id) > 1) expect(uncertain, id).toBe(true)
      }
      expect(
        [...after].sort((a, b) => order.indexOf(a) - order.indexOf(b)),
        'the order',
      ).toEqual(after)
    },
  )

  it('was killed at each boundary that there is', async () => {
    const { ids, child, effects } = await begin(Number.MAX_SAFE_INTEGER)
    expect(await handledBy(child, Number.MAX_SAFE_INTEGER, ids)).toBe(boundaries)
    expect(effects()).toEqual(order)
  })
})

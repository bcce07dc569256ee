import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { handlerFile } from '../../fixtures/test/handler-file.ts'
import { openOperator, type TestOperator } from '../../fixtures/test/operator.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { handlersImport, handlersValidate } from './handler-file-verbs.ts'
import { handlersOff, handlersOn, handlersPublish } from './handler-switch-verbs.ts'

let sidekick: TestSidekick
let operator: TestOperator
let corp = ''
beforeAll(async () => {
  sidekick = await startTestSidekick()
  corp = sidekick.app.corpId
  operator = openOperator(sidekick.database)
})
afterAll(async () => {
  await operator?.close()
  await sidekick?.stop()
})
beforeEach(() => sidekick.database.models.handlers.deleteMany({ corpId: corp, key: /^(late|early)$/ }))

const late = { key: 'late', trigger: { event: 'customer.added' } }
const steps = [{ id: 'tag', action: 'customer.tag', with: { add: ['VIP'] } }]
const file = (...handlers: object[]): string => handlerFile(...handlers.map(one => ({ steps, ...one })))
const validated = async (...handlers: object[]) =>
  (await operator.run(handlersValidate, { corp, file: file(...handlers) })).notes
const note = (by: string, priority: number): string =>
  `nothing would reach late: ${by} (priority ${priority}) stops each of its events before it; give it a priority below ${priority}`
const behindDefault = note('welcome-default', 100)

describe('a handler behind one that stops its events', () => {
  it('is told of by validate, import --publish and publish, and published', async () => {
    expect(await validated(late)).toContain(behindDefault)
    const draft = await operator.run(handlersImport, { corp, file: file(late) })
    expect(draft.notes).not.toContain(behindDefault)
    const made = await operator.run(handlersPublish, { corp, key: 'late' })
    expect(made.notes).toContain(behindDefault)
    const again = await operator.run(handlersImport, { corp, file: file(late), publish: true })
    expect(again.notes).toContain(behindDefault)
    expect(again.failed).toBeUndefined()
  })

  it('is not told of where the other is switched off, unless the same file switches it on', async () => {
    await operator.run(handlersOff, { corp, key: 'welcome-default' })
    expect(await validated(late)).not.toContain(behindDefault)
    const steps = [{ id: 'end', action: 'stop', with: { all: true } }]
    const other = { ...late, key: 'welcome-default', priority: 90, steps }
    expect(await validated(late, other)).not.toContain(note('welcome-default', 90))
    expect(await validated(late, { ...other, enabled: true })).toContain(note('welcome-default', 90))
    await operator.run(handlersOn, { corp, key: 'welcome-default' })
  })

  const first = { ...late, key: 'early', priority: 8, after: 'stop' }
  const stopped =
    'nothing would reach welcome-default: early (priority 8) stops each of its events before it; give it a priority below 8'

  it('is told of by the other one too, which is published', async () => {
    expect(await validated(first)).toContain(stopped)
    expect((await operator.run(handlersImport, { corp, file: file(first) })).notes).not.toContain(stopped)
    const made = await operator.run(handlersPublish, { corp, key: 'early' })
    expect(made.notes).toContain(stopped)
    const again = await operator.run(handlersImport, { corp, file: file(first), publish: true })
    expect(again.notes).toContain(stopped)
  })

  it('is not told of by another one where nothing reached it before, or where something still does', async () => {
    await operator.run(handlersImport, { corp, file: file(first), publish: true })
    const second = { ...first, key: 'late', priority: 7 }
    expect((await validated(second))?.join()).not.toContain('reach welcome-default')
    const channel = { ...late, priority: 9, trigger: { ...late.trigger, match: { state: { eq: 'store' } } } }
    expect((await validated(channel))?.join()).not.toContain('reach welcome-default')
    await operator.run(handlersOff, { corp, key: 'early' })
    const draft = { ...second, run: { dryRun: true } }
    expect((await validated(draft))?.join()).not.toContain('nothing would reach')
  })

  const early = { key: 'early', trigger: late.trigger, priority: 8, after: 'stop' }
  const stop = (over: object = {}) => ({ id: 'end', action: 'stop', with: { all: true }, ...over })
  const holds = { path: 'event.state', is: 'exists' }
  it.each<[string, object, boolean]>([
    ['stops by after', {}, true],
    ['stops by a step', { after: 'continue', steps: [stop()] }, true],
    ['stops by a step for itself', { after: 'continue', steps: [stop({ with: {} })] }, false],
    ['stops by a step with a condition', { after: 'continue', steps: [stop({ if: holds })] }, false],
    ['has conditions', { when: holds }, false],
    ['has a cooldown', { run: { cooldown: '1d' } }, false],
    ['is a dry run', { run: { dryRun: true } }, false],
    ['is for one channel', { trigger: { ...late.trigger, match: { state: { eq: 'store' } } } }, false],
    ['is for some staff', { scope: { staff: ['lina'] } }, false],
  ])('is told of where that one %s: %o', async (_how, over, told) => {
    const found = (await validated({ ...late, priority: 9 }, { ...early, ...over }))?.includes(
      note('early', 8),
    )
    expect(found).toBe(told)
  })
})

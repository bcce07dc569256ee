import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventOf, rigCorp } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { createProbes, probeStep as step } from '../../fixtures/test/probes.ts'
import { ActionRefused, AwaitsConfirmation } from '../actions/define.ts'
import { createInbox } from './inbox.ts'
import { runEvent } from './run-event.ts'

const probes = createProbes()
let rig: OwnEventRig
/** What `probe.waits` comes to: it waits until the request is confirmed. */
let waited: 'waits' | 'done' | 'refused'
let customer: string
beforeAll(async () => {
  rig = await openOwnEventRig(probes.actions)
  probes.add('probe.waits', {}, async () => {
    if (waited === 'waits') throw new AwaitsConfirmation()
    if (waited === 'refused') throw new ActionRefused('refused', '不行')
    return { text: '好' }
  })
})
afterAll(() => rig.close())
beforeEach(() => {
  probes.reset()
  waited = 'waits'
  customer = `wm${randomUUID()}`
})

const at = Math.floor(Date.now() / 1000) - 600

/** Lets the pair's request come, or its confirmation. @returns what the steps of the one handler have come to */
async function hears(change: 'add_half_external_contact' | 'add_external_contact'): Promise<string[]> {
  const event = eventOf(
    `<FromUserName>sys</FromUserName><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>${change}</ChangeType><UserID>lina</UserID><ExternalUserID>${customer}</ExternalUserID>`,
    change === 'add_external_contact' ? at + 60 : at,
  )
  await createInbox(rig.deps.models, 60_000, rig.deps).put(event, '1000002')
  await runEvent(rig.deps, event)
  const run = await rig.deps.models.runs
    .findOne({ corpId: rigCorp, externalUserid: customer })
    .orFail()
    .lean()
  return run.steps.map(({ id, state }) => `${id} ${state}`)
}
const requested = () => hears('add_half_external_contact')
const confirmed = () => hears('add_external_contact')

const tag = step('probe.waits', { id: 'tag', onError: 'continue' })
const succeeded = { path: 'steps.tag.ok', is: 'eq', value: true }
const failed = { path: 'steps.tag.ok', is: 'eq', value: false }
const does = (id: string, more: object = {}) => step('probe.does', { id, ...more })
const use = (...steps: object[]) => rig.useHandlers({ key: 'a', trigger: { event: 'customer.added' }, steps })

describe('a step whose condition asks for the end of one that waits', () => {
  const asking = [tag, does('after', { if: succeeded }), does('alarm', { if: failed })]

  it('waits with it, and runs when that has succeeded', async () => {
    use(...asking)
    expect(await requested()).toEqual(['tag waiting', 'after waiting', 'alarm waiting'])
    expect(probes.done).toEqual([])
    waited = 'done'
    expect(await confirmed()).toEqual(['tag done', 'after done', 'alarm skipped'])
  })

  it('runs when that has failed', async () => {
    use(...asking)
    await requested()
    waited = 'refused'
    expect(await confirmed()).toEqual(['tag failed', 'after skipped', 'alarm done'])
  })
})

describe('while a step waits', () => {
  it('one whose text names it waits too, and what names only that one', async () => {
    use(
      tag,
      does('named', { with: { text: '{{ steps.tag.output.text }}' } }),
      does('further', { with: { text: '{{ steps.named.output.text }}' } }),
      does('other'),
    )
    expect(await requested()).toEqual(['tag waiting', 'named waiting', 'further waiting', 'other done'])
    waited = 'done'
    expect(await confirmed()).toEqual(['tag done', 'named done', 'further done', 'other done'])
  })

  it('what comes after a stop that depends on it waits as well', async () => {
    use(tag, { id: 'enough', action: 'stop', if: failed }, does('after'))
    expect(await requested()).toEqual(['tag waiting', 'enough waiting', 'after waiting'])
    waited = 'refused'
    expect(await confirmed()).toEqual(['tag failed', 'enough done', 'after skipped'])
  })

  it('a welcome does not wait: it goes by what is known, and is left out after such a stop', async () => {
    use(tag, step('welcome.send', { id: 'welcome', if: failed }))
    expect(await requested()).toEqual(['tag waiting', 'welcome done'])
    customer = `wm${randomUUID()}`
    use(tag, { id: 'enough', action: 'stop', if: failed }, step('welcome.send', { id: 'welcome' }))
    expect(await requested()).toEqual(['tag waiting', 'enough waiting', 'welcome skipped'])
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventOf } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { actions } from '../actions/registry.ts'
import type { BotEvent } from '../events/parse.ts'
import { welcomeAtOnce } from './express.ts'
import { handleEvent } from './handle-event.ts'
import { createInbox } from './inbox.ts'
import { dispatchLimits } from './limits.ts'

const throws = () => Promise.reject(new TypeError('undefined is not a function'))
const atOnce = { ...dispatchLimits, attemptsMax: 1 }

describe('the welcome of an event that is given up by an error', () => {
  let rig: OwnEventRig
  let people = 0
  let customer = ''
  beforeAll(async () => {
    rig = await openOwnEventRig(actions)
    const steps = [{ id: 'hi', action: 'welcome.send', with: { text: '您好' } }]
    rig.useHandlers({ key: 'hi', trigger: { event: 'customer.added' }, steps })
  })
  afterAll(() => rig.close())
  beforeEach(() => {
    people += 1
    customer = `wm-given-up-${people}`
  })

  async function arrives(type: string, code: string): Promise<BotEvent> {
    const event = eventOf(
      `<FromUserName>sys</FromUserName><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>${type}</ChangeType><UserID>lina</UserID><ExternalUserID>${customer}</ExternalUserID><State>x</State>${code}`,
    )
    await createInbox(rig.deps.models, 60_000, rig.deps).put(event, '1000002')
    return event
  }
  const coded = (type: string) => arrives(type, `<WelcomeCode>${customer}</WelcomeCode>`)
  const stored = ({ id }: BotEvent) => rig.deps.models.inbox.findById(id).orFail().lean()
  const row = () => rig.deps.models.welcomes.findOne({ externalUserid: customer }).lean()

  it.each(['add_external_contact', 'msg_audit_approved'])('has failed, with the code of %s', async type => {
    const event = await coded(type)
    await handleEvent(rig.deps, throws, await stored(event), atOnce)
    expect(await stored(event)).toMatchObject({ state: 'dead', error: { code: 'unexpected' } })
    expect(await row()).toMatchObject({ state: 'unused', reason: 'failed', welcomeCode: customer })
  })

  it('may still come as long as the event is tried again', async () => {
    const event = await coded('add_external_contact')
    await handleEvent(rig.deps, throws, await stored(event), dispatchLimits)
    expect(await row()).toBeNull()
  })

  it('had no code where the add brought none', async () => {
    await handleEvent(rig.deps, throws, await stored(await arrives('add_external_contact', '')), atOnce)
    expect(await row()).toMatchObject({ state: 'no_code' })
  })

  it('is not left as being sent where the call got no answer, and its handler is named', async () => {
    const event = await coded('add_external_contact')
    for (let n = 0; n < 3; n += 1)
      rig.platform.next('externalcontact/send_welcome_msg', response => void response.destroy())
    await expect(welcomeAtOnce(rig.deps, event)).rejects.toThrow()
    expect(await row()).toMatchObject({ state: 'sending' })
    await handleEvent(rig.deps, throws, await stored(event), atOnce)
    expect(await row()).toMatchObject({ state: 'unused', reason: 'failed', handler: 'hi', revision: 1 })
  })

  it('stays as it was sent', async () => {
    const event = await coded('add_external_contact')
    await welcomeAtOnce(rig.deps, event)
    await handleEvent(rig.deps, throws, await stored(event), atOnce)
    expect(await row()).toMatchObject({ state: 'sent' })
  })

  it('has failed where the processes that began with it came to no end', async () => {
    const event = await coded('add_external_contact')
    const begun = { ...(await stored(event)), begun: dispatchLimits.attemptsMax }
    await handleEvent({ ...rig.deps, process: 'another' }, throws, begun, dispatchLimits)
    expect(await stored(event)).toMatchObject({ state: 'dead', error: { code: 'attempts_exhausted' } })
    expect(await row()).toMatchObject({ state: 'unused', reason: 'failed' })
  })
})

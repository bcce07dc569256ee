import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventOf } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { actions } from '../actions/registry.ts'
import type { BotEvent } from '../events/parse.ts'
import { welcomeAtOnce } from './express.ts'
import { runEvent } from './run-event.ts'

const holds = { path: 'staff.userid', is: 'eq', value: 'lina' }
const fails = { path: 'staff.userid', is: 'eq', value: 'wangfang' }
const hi = { id: 'hi', action: 'welcome.send', with: { text: '您好' } }
const stop = { id: 'end', action: 'stop' }
const welcome = (key: string, steps: object[], more: object = {}) => ({
  ...{ key, trigger: { event: 'customer.added' }, steps },
  ...more,
})

describe('a code that comes after the add', () => {
  let rig: OwnEventRig
  let people = 0
  let customer = ''
  beforeAll(async () => {
    rig = await openOwnEventRig(actions)
  })
  afterAll(() => rig.close())
  beforeEach(() => {
    people += 1
    customer = `wm-late-${people}`
  })

  function change(type: string, second: number, code?: string): BotEvent {
    const brought = code === undefined ? '' : `<WelcomeCode>${code}</WelcomeCode>`
    return eventOf(
      `<FromUserName>sys</FromUserName><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>${type}</ChangeType><UserID>lina</UserID><ExternalUserID>${customer}</ExternalUserID><State>x</State>${brought}`,
      second,
    )
  }
  /** The add without a code, then what brings one. */
  async function codeOf(type: 'add_external_contact' | 'msg_audit_approved') {
    const began = 1_700_000_000
    await runEvent(rig.deps, change('add_half_external_contact', began))
    await runEvent(rig.deps, change(type, began + 100, customer))
    return rig.deps.models.welcomes.findOne({ welcomeCode: customer }).lean()
  }

  describe.each(['add_external_contact', 'msg_audit_approved'] as const)('by %s', type => {
    it.each([
      ['an `if` that holds', [{ ...hi, if: holds }]],
      ['a stop before it that does not stop', [{ ...stop, if: fails }, hi]],
    ])('is used for a welcome with %s', async (_, steps) => {
      rig.useHandlers(welcome('fits', steps))
      expect(await codeOf(type)).toMatchObject({ state: 'sent', handler: 'fits' })
    })

    it.each([
      ['an `if` that does not hold', [{ ...hi, if: fails }]],
      [
        'an `if` that asks for an earlier step',
        [
          { ...stop, if: fails },
          { ...hi, if: { path: 'steps.end.ok', is: 'eq', value: true } },
        ],
      ],
      ['a stop before it', [stop, hi]],
    ])('is left where it has %s, and the ledger names its handler', async (_, steps) => {
      rig.useHandlers(welcome('left', steps))
      expect(await codeOf(type)).toMatchObject({ state: 'unused', reason: 'skipped', handler: 'left' })
    })

    it('is used by a later handler where the first one has left it', async () => {
      rig.useHandlers(welcome('a', [{ ...hi, if: fails }]), welcome('b', [hi]))
      expect(await codeOf(type)).toMatchObject({ state: 'sent', handler: 'b' })
    })

    it('is kept by a stop of all from later handlers', async () => {
      const all = { ...stop, with: { all: true } }
      rig.useHandlers(welcome('a', [all]), welcome('b', [hi]))
      expect(await codeOf(type)).toMatchObject({ state: 'unused', reason: 'no_handler' })
    })

    it('is left by a dry run, and the ledger says so', async () => {
      rig.useHandlers(welcome('dry', [hi], { run: { dryRun: true } }))
      expect(await codeOf(type)).toMatchObject({ state: 'unused', reason: 'dry_run', handler: 'dry' })
    })
  })
})

describe('the welcome of an add', () => {
  let rig: OwnEventRig
  beforeAll(async () => {
    rig = await openOwnEventRig(actions)
  })
  afterAll(() => rig.close())

  const named = welcome('named', [{ ...hi, with: { text: '{{ customer.name }}您好', fallback: '您好' } }])
  const ifMarked = { when: { path: 'follow.remark', is: 'eq', value: '老客' } }
  const nobody = { when: { path: 'staff.userid', is: 'eq', value: 'nobody' } }
  it.each([
    ['names nothing of them', [welcome('a', [hi]), named], false],
    [
      'names nothing of them, behind one that does and does not match',
      [{ ...named, key: 'a', ...nobody }, welcome('b', [hi])],
      false,
    ],
    ['names them', [named], true],
    ['comes behind one whose conditions name them', [welcome('a', [hi], ifMarked), welcome('b', [hi])], true],
  ])('asks for the customer only where it needs to: one that %s', async (what, handlers, asks) => {
    rig.useHandlers(...(handlers as ReturnType<typeof welcome>[]))
    const from = rig.platform.calls.length
    const add = `<FromUserName>sys</FromUserName><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>lina</UserID><ExternalUserID>wm-${what.length}</ExternalUserID><WelcomeCode>code-${what.length}</WelcomeCode>`
    expect(await welcomeAtOnce(rig.deps, eventOf(add))).toMatchObject({ settled: true })
    const made = rig.platform.calls.slice(from).filter(path => path.startsWith('externalcontact/'))
    expect(made).toEqual([...(asks ? ['externalcontact/get'] : []), 'externalcontact/send_welcome_msg'])
  })
})

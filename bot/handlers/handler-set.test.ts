import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actions } from '../actions/registry.ts'
import { type BotEvent, parseEvent } from '../events/parse.ts'
import { compileHandler } from './compile.ts'
import { createHandlerSet } from './handler-set.ts'
import { isTriggeredBy } from './triggers.ts'

const handler = (key: string, trigger: object, over: object = {}) =>
  compileHandler(
    {
      ...{ schemaVersion: 1, key, title: key, trigger },
      steps: [{ id: 'a', action: 'reply', with: { text: 'x' } }],
      ...over,
    },
    1,
    actions,
  )
const xml = (inner: string): string =>
  `<xml><ToUserName>ww1</ToUserName><FromUserName>lina</FromUserName><CreateTime>1700000000</CreateTime>${inner}</xml>`
const added = (state: string, half = false): BotEvent =>
  parseEvent(
    xml(
      `<MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_${half ? 'half_' : ''}external_contact</ChangeType><UserID>lina</UserID><ExternalUserID>wm1</ExternalUserID><State>${state}</State>`,
    ),
  )
const said = (text: string): BotEvent => parseEvent(xml(`<MsgType>text</MsgType><Content>${text}</Content>`))
const add = (match: object) => ({ event: 'customer.added', match })

describe('a set of handlers', () => {
  it('has them by priority, then by key', () => {
    const set = createHandlerSet({
      handlers: [
        handler('c', { manual: true }, { priority: 5 }),
        handler('b', { manual: true }, { priority: 5 }),
        handler('z', { manual: true }, { priority: 0 }),
      ],
    })
    expect(set.handlers.map(one => one.key)).toEqual(['z', 'b', 'c'])
    expect(set.byKey.get('c')).toBe(set.handlers[2])
  })

  it('has commands by each of their words as people may type them, and schedules', () => {
    const command = handler('c', { command: 'ＫＨ', aliases: ['客户'] })
    const schedule = handler(
      's',
      { schedule: '0 9 * * 1-5' },
      { steps: [{ id: 'a', action: 'script.find', with: { query: 'x' } }] },
    )
    const { commands, schedules } = createHandlerSet({ handlers: [schedule, command] })
    expect([...commands.byWord]).toEqual([
      ['kh', [command]],
      ['客户', [command]],
    ])
    expect(schedules).toEqual([schedule])
  })
})

describe('the handlers that an event would have asked', () => {
  const row = (key: string, trigger: unknown) => ({ key, revision: 1, title: key, problems: [], trigger })

  it('are those off or broken whose stored trigger names it, however wrong the rest of it is', () => {
    const wrong = [null, undefined, 'customer.added', { event: 5 }, { event: ['customer.added'] }]
    const broken = wrong.map((trigger, n) => row(`wrong${n}`, trigger))
    const off = [row('a', add({ state: 5 })), row('b', { event: 'customer.lost' })]
    const set = createHandlerSet({ off, broken: [...broken, row('c', { event: 'customer.added' })] })
    const { off: switchedOff, broken: faulty } = set.idleOf('customer.added')
    expect([...switchedOff, ...faulty].map(({ key }) => key)).toEqual(['a', 'c'])
    expect(set.idleOf('constructor')).toEqual({ off: [], broken: [] })
  })
})

describe('the handlers of an event', () => {
  const found = (triggers: object[], event: BotEvent, name?: string) =>
    createHandlerSet({ handlers: triggers.map((trigger, i) => handler(`h${i}`, trigger)) })
      .triggeredBy(event, name)
      .map(one => one.key)

  it('are found by one value, one of several, a beginning, or none', () => {
    const triggers = [
      add({ state: { eq: 'fair' } }),
      add({ state: { in: ['x', 'fair'] } }),
      add({ state: { prefix: 'fa' } }),
      add({}),
      add({ state: { eq: 'other' } }),
      add({ state: { prefix: 'fairs' } }),
      { event: 'customer.lost' },
    ]
    expect(found(triggers, added('fair'))).toEqual(['h0', 'h1', 'h2', 'h3'])
    expect(found(triggers, added('fair'), 'customer.lost')).toEqual(['h6'])
    expect(found(triggers, added(''))).toEqual(['h3'])
  })

  it('fit with all of their fields, whichever they are found by', () => {
    const triggers = [
      add({ half: { eq: true }, state: { eq: 'fair' } }),
      add({ half: { eq: true }, state: { prefix: 'f' } }),
      add({ half: { eq: true } }),
    ]
    expect(found(triggers, added('fair'))).toEqual([])
    expect(found(triggers, added('fair', true))).toEqual(['h0', 'h1', 'h2'])
  })

  it('are each found once, however many of its values fit', () => {
    expect(found([add({ state: { in: ['fair', 'fair'] } })], added('fair'))).toEqual(['h0'])
  })

  it('of a message are rules and event handlers in one order, and no commands', () => {
    const triggers = [
      { message: { contains: ['退款'] } },
      { event: 'message.text' },
      { message: { contains: ['退货', '要'] } },
      { command: '退款' },
      { message: { contains: ['发票'] } },
    ]
    expect(found(triggers, said('要退款'))).toEqual(['h0', 'h1', 'h2'])
    expect(found(triggers, added('退款'))).toEqual([])
  })

  it('are those that each trigger for itself asks for', () => {
    const text = fc.constantFrom('', 'a', 'ab', 'abc', 'b', 'constructor', '__proto__', 'x')
    const long = fc.constantFrom('a', 'ab', 'abc', 'b', 'constructor')
    const state = fc.oneof(
      text.map(eq => ({ eq })),
      long.map(prefix => ({ prefix })),
      fc.array(text, { minLength: 1, maxLength: 3 }).map(several => ({ in: several })),
    )
    const name = fc.constantFrom('lina', 'LiNa', 'wudi')
    const userid = fc.oneof(
      name.map(eq => ({ eq })),
      fc.constantFrom('li', 'LI', 'wu').map(prefix => ({ prefix })),
      fc.array(name, { minLength: 1, maxLength: 2 }).map(several => ({ in: several })),
    )
    const match = fc.record({ state, half: fc.boolean().map(eq => ({ eq })), userid }, { requiredKeys: [] })
    const trigger = fc.oneof(
      match.map(add),
      fc.constant({ event: 'customer.confirmed' }),
      fc.array(long, { minLength: 1, maxLength: 2 }).map(contains => ({ message: { contains } })),
    )
    const event = fc.oneof(
      fc.tuple(text, fc.boolean()).map(([one, half]) => added(one, half)),
      text.map(said),
    )
    fc.assert(
      fc.property(fc.array(trigger, { maxLength: 12 }), event, (triggers, one) => {
        const set = createHandlerSet({ handlers: triggers.map((each, i) => handler(`h${i}`, each)) })
        expect(set.triggeredBy(one)).toEqual(set.handlers.filter(each => isTriggeredBy(each, one)))
      }),
    )
  })
})

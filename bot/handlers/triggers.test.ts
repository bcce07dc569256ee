import { describe, expect, it } from 'vitest'
import { type BotEvent, parseEvent } from '../events/parse.ts'
import type { CompiledHandler } from './compile.ts'
import { handlerDocument } from './schema.ts'
import { explainMatch, isTriggeredBy } from './triggers.ts'

const handler = (trigger: object): Pick<CompiledHandler, 'trigger'> =>
  handlerDocument.parse({
    schemaVersion: 1,
    key: 'a',
    title: 'a',
    trigger,
    steps: [{ id: 'a', action: 'reply' }],
  })
const xml = (inner: string): string =>
  `<xml><ToUserName>ww1</ToUserName><FromUserName>lina</FromUserName><CreateTime>1700000000</CreateTime>${inner}</xml>`
const add: BotEvent = parseEvent(
  xml(
    '<MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>lina</UserID><ExternalUserID>wm1</ExternalUserID><State><![CDATA[fair-2026 (a+)]]></State>',
  ),
)
const said = (text: string): BotEvent =>
  parseEvent(xml(`<MsgType>text</MsgType><Content><![CDATA[${text}]]></Content>`))

describe('an event trigger', () => {
  const triggered = (match: object, event = add, name?: string) =>
    isTriggeredBy(handler({ event: 'customer.added', match }), event, name)

  it('asks for the name that the event turned out to have', () => {
    expect(triggered({})).toBe(true)
    expect(triggered({}, add, 'customer.confirmed')).toBe(false)
    expect(triggered({}, said('hi'))).toBe(false)
  })

  it.each<[object, boolean]>([
    [{ state: { eq: 'fair-2026 (a+)' } }, true],
    [{ state: { eq: 'fair-2026' } }, false],
    [{ state: { prefix: 'fair-2026 (' } }, true],
    [{ state: { prefix: '.*' } }, false],
    [{ state: { in: ['x', 'fair-2026 (a+)'] } }, true],
    [{ half: { eq: false } }, true],
    [{ half: { eq: 'false' } }, false],
    [{ half: { prefix: 'f' } }, false],
    [{ userid: { eq: 'lina' } }, true],
    [{ userid: { eq: 'lina' }, state: { eq: 'x' } }, false],
    [{ userid: { eq: 'LiNa' } }, true],
    [{ userid: { in: ['wudi', 'LINA'] } }, true],
    [{ userid: { prefix: 'LI' } }, true],
    [{ externalUserid: { eq: 'WM1' } }, false],
    [{ constructor: { prefix: 'function' } }, false],
    [{ toString: { eq: 'x' } }, false],
    [{ gone: { in: ['undefined'] } }, false],
  ])('with match %j: %s', (match, expected) => {
    expect(triggered(match)).toBe(expected)
  })
})

describe('a message trigger', () => {
  const rule = handler({ message: { contains: ['退款', 'a.b'] } })

  it('asks for one of its words, taken literally', () => {
    expect(isTriggeredBy(rule, said('客户要退款怎么办'))).toBe(true)
    expect(isTriggeredBy(rule, said('xa.by'))).toBe(true)
    expect(isTriggeredBy(rule, said('axb 退 款'))).toBe(false)
    expect(isTriggeredBy(rule, add)).toBe(false)
  })
})

describe('a trigger that does not ask for an event', () => {
  const why = (trigger: object, event = add, name?: string) => explainMatch(handler(trigger), event, name)

  it.each<[object, string]>([
    [
      { event: 'customer.added', match: { state: { prefix: 'xhs' } } },
      'state prefix "xhs" (was "fair-2026 (a+)")',
    ],
    [
      {
        event: 'customer.added',
        match: { half: { eq: true }, state: { in: ['a', 'b'] }, userid: { eq: 'lina' } },
      },
      'half eq true (was false); state in ["a","b"] (was "fair-2026 (a+)")',
    ],
    [{ event: 'customer.added', match: { gone: { eq: 'x' } } }, 'gone eq "x" (was missing)'],
    [{ event: 'customer.lost' }, 'event customer.lost (was customer.added)'],
    [{ message: { contains: ['退款'] } }, 'message (was customer.added)'],
    [{ command: '客户' }, 'command (was customer.added)'],
    [{ manual: true }, 'manual (was customer.added)'],
  ])('says why: %j', (trigger, expected) => {
    expect(why(trigger)).toBe(expected)
  })

  it('names the word that a message lacks, with the number in it hidden', () => {
    expect(why({ message: { contains: ['退款'] } }, said('打给13812345678'))).toBe(
      'message contains ["退款"] (was "打给138****5678")',
    )
  })

  it('has no reason where it does', () => {
    expect(why({ event: 'customer.added' })).toBeUndefined()
    expect(why({ event: 'customer.confirmed' }, add, 'customer.confirmed')).toBeUndefined()
  })
})

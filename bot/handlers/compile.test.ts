import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type ActionTable, defineAction } from '../actions/define.ts'
import type { BotEvent } from '../events/parse.ts'
import { parseEvent } from '../events/parse.ts'
import { compileHandler, HandlerInvalid, isInScope, isTriggeredBy } from './compile.ts'

const say = defineAction({
  id: 'say',
  title: '说话',
  summary: '',
  output: z.object({}),
  effect: 'read',
  idempotent: true,
  params: z.strictObject({ text: z.string().min(1), times: z.number().int().optional() }),
  run: async (_context, params) => params,
})
const actions: ActionTable = new Map([[say.id, say]])

const document = {
  schemaVersion: 1,
  key: 'greet',
  title: '问好',
  trigger: { event: 'customer.added' },
  steps: [{ id: 'hello', action: 'say', with: { text: '{{ customer.name }}您好' } }],
}
const compile = (over: object = {}) => compileHandler({ ...document, ...over }, 3, actions)
const steps = (...list: object[]) => ({
  steps: list.map((step, i) => ({ id: `s${i}`, action: 'say', ...step })),
})

function problemsOf(over: object): Record<string, string> {
  try {
    compile(over)
  } catch (error) {
    if (error instanceof HandlerInvalid)
      return Object.fromEntries(error.problems.map(one => [one.path, one.message]))
    throw error
  }
  return {}
}

describe('a document that is published', () => {
  it('becomes a handler of its revision whose steps can be filled', () => {
    const handler = compile()
    expect(handler).toMatchObject({ key: 'greet', revision: 3, priority: 1000 })
    expect(handler.steps[0]?.with.fill({ customer: { name: '张三' } })).toEqual({ text: '张三您好' })
  })

  it('leaves a value that is filled in later to the run', () => {
    expect(problemsOf(steps({ with: { text: 'x', times: '{{ args.times }}' } }))).toEqual({})
  })

  it.each<[string, object, string, RegExp]>([
    [
      'an action that does not exist',
      steps({ action: 'shout' }),
      'steps.0.action',
      /"shout" is not an action/,
    ],
    ['an action named as a prototype', steps({ action: 'constructor' }), 'steps.0.action', /not an action/],
    [
      'a parameter of the wrong type',
      steps({ with: { text: 'x', times: '3' } }),
      'steps.0.with.times',
      /number/,
    ],
    ['a parameter that is missing', steps({ with: {} }), 'steps.0.with.text', /string/],
    ['a parameter that does not exist', steps({ with: { text: 'x', tone: 1 } }), 'steps.0.with', /tone/],
    ['a broken template', steps({ with: { text: '{{ customer.name' } }), 'steps.0.with', /not closed/],
    [
      'a fact that does not exist',
      steps({ with: { text: '{{ custmer.name }}' } }),
      'steps.0.with',
      /"custmer"/,
    ],
    [
      'a prototype as a fact',
      steps({ with: { text: 'a {{ constructor.name }}' } }),
      'steps.0.with',
      /"constructor", which is none of event/,
    ],
    ['a condition on no fact', { when: { path: 'tags', is: 'exists' } }, 'when', /"tags"/],
    [
      'a condition of a step on no fact',
      steps({ with: { text: 'x' }, if: { not: { path: 'step.hello.ok', is: 'exists' } } }),
      'steps.0.if',
      /"step"/,
    ],
    [
      'two steps of one name',
      steps({ with: { text: 'x' }, id: 'a' }, { with: { text: 'x' }, id: 'a' }),
      'steps.1.id',
      /"a" is used twice/,
    ],
  ])('is refused for %s', (_what, over, path, message) => {
    expect(problemsOf(over)).toEqual({ [path]: expect.stringMatching(message) })
  })

  it('is refused with every problem at once, in one line for people', () => {
    const over = { ...steps({ action: 'shout' }, { with: {} }), when: { path: 'x', is: 'exists' } }
    expect(Object.keys(problemsOf(over))).toEqual(['when', 'steps.0.action', 'steps.1.with.text'])
    expect(() => compile(over)).toThrow(/^greet: when names "x".*; steps\.0\.action "shout".*; steps\.1/)
  })

  it.each([null, undefined, 'text', 7, [], {}, { key: 7 }])('is refused when it is %j', value => {
    expect(() => compileHandler(value, 1, actions)).toThrow(HandlerInvalid)
  })
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
    isTriggeredBy(compile({ trigger: { event: 'customer.added', match } }), event, name)

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
    [{ constructor: { prefix: 'function' } }, false],
    [{ toString: { eq: 'x' } }, false],
    [{ gone: { in: ['undefined'] } }, false],
  ])('with match %j: %s', (match, expected) => {
    expect(triggered(match)).toBe(expected)
  })
})

describe('a message trigger', () => {
  const rule = compile({ trigger: { message: { contains: ['退款', 'a.b'] } } })

  it('asks for one of its words, taken literally', () => {
    expect(isTriggeredBy(rule, said('客户要退款怎么办'))).toBe(true)
    expect(isTriggeredBy(rule, said('xa.by'))).toBe(true)
    expect(isTriggeredBy(rule, said('axb 退 款'))).toBe(false)
    expect(isTriggeredBy(rule, add)).toBe(false)
  })
})

describe('the scope of a handler', () => {
  const lina = { userid: 'LiNa', name: '李娜', departments: ['27'], role: 'staff' }
  /** Her department, and the root above it. */
  const above = new Set(['27', '1'])
  const covers = (scope: { departments?: string[]; staff?: string[]; except?: string[] }) =>
    isInScope({ scope: { departments: [], staff: [], except: [], ...scope } }, lina, above)

  it('is everybody where it names nobody', () => {
    expect(covers({})).toBe(true)
  })

  it('covers a department with those below it, and members in any letter case', () => {
    expect(covers({ departments: ['1'] })).toBe(true)
    expect(covers({ departments: ['2'] })).toBe(false)
    expect(covers({ staff: ['lina'] })).toBe(true)
    expect(covers({ staff: ['lina2'] })).toBe(false)
  })

  it('covers who is in either list', () => {
    expect(covers({ departments: ['2'], staff: ['LINA'] })).toBe(true)
  })

  it('never covers whom it excepts, by name or by department', () => {
    expect(covers({ except: ['LINA'] })).toBe(false)
    expect(covers({ staff: ['lina'], except: ['1'] })).toBe(false)
    expect(covers({ departments: ['27'], except: ['2'] })).toBe(true)
  })
})

describe('the scope of a handler, where userids are numbers', () => {
  const lina = { userid: 'lina', name: '李娜', departments: ['27'], role: 'staff' }
  const above = new Set(['27', '1'])
  const covers = (scope: object, staff = lina, departments = above) =>
    isInScope({ scope: { departments: [], staff: [], except: [], ...scope } }, staff, departments)

  it('covers the member 1 alone, and not everybody below the root department 1', () => {
    expect(covers({ staff: ['1'] })).toBe(false)
  })

  it('covers department 2, and not a member of another department whose userid is 2', () => {
    expect(covers({ departments: ['2'] }, { ...lina, userid: '2' })).toBe(false)
  })
})

describe('a match on a field named __proto__', () => {
  it('is refused, or at least kept, rather than dropped so that the handler takes every event', () => {
    const document = JSON.parse(
      '{"schemaVersion":1,"key":"a","title":"t","trigger":{"event":"customer.added","match":{"__proto__":{"eq":"x"}}},"steps":[{"id":"a","action":"reply","with":{"text":"x"}}]}',
    )
    let kept: string[] | 'refused'
    try {
      kept = Object.getOwnPropertyNames(
        (compileHandler(document, 1, actions).trigger as { match: object }).match,
      )
    } catch {
      kept = 'refused'
    }
    expect(kept).not.toEqual([])
  })
})

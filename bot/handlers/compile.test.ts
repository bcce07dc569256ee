import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type ActionTable, defineAction } from '../actions/define.ts'
import { compileHandler, HandlerInvalid } from './compile.ts'

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

import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type ActionTable, defineAction } from '../actions/define.ts'
import { textWithin } from '../actions/message-text.ts'
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
const short = defineAction({
  ...{ id: 'short', title: '短', summary: '', output: z.object({}), effect: 'read', idempotent: true },
  params: z.strictObject({ text: textWithin(6, 'document') }),
  run: async () => ({}),
})
const actions: ActionTable = new Map([say, short].map(action => [action.id, action]))

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
    expect(problemsOf(steps({ with: { text: 'x', times: '{{ time.hour }}' } }))).toEqual({})
  })

  it('is refused for a text whose words alone are too long, and not for what may be left out or filled in', () => {
    const text = (words: string) =>
      problemsOf({ steps: [{ id: 'a', action: 'short', with: { text: words } }] })
    const path = 'steps.0.with.text'
    expect(text('你好')).toEqual({})
    expect(text('你好{{ customer.name }}')).toEqual({})
    expect(text('{% if customer.name %}你好吗{% else %}您好呀{% endif %}')).toEqual({})
    expect(text('你好吗')).toEqual({
      [path]: 'has 9 bytes; at most 6 fit, and a Chinese character takes 3',
    })
    expect(text('你{{ customer.name }}好吗')).toEqual({
      [path]: 'has 9 bytes; at most 6 fit, and a Chinese character takes 3',
    })
  })

  it('may read on in what it does not know the parts of', () => {
    const unknown = {
      trigger: { event: 'unknown' },
      ...steps({ with: { text: '{{ event.Anything.at.all }}' } }),
    }
    expect(problemsOf(unknown)).toEqual({})
    const manual = {
      trigger: { manual: true },
      ...steps({ with: { text: '{{ args.days }} {{ follow.days }}' } }),
    }
    expect(problemsOf(manual)).toEqual({})
  })

  it('may use what it loops over, and lists by their entries', () => {
    const text =
      '{% for tag in follow.tags %}{{ tag }}{{ forloop.index }}{% endfor %}{{ follow.tags.size }}{{ follow.tags[0] }}{{ follow.tags.first }}{% assign q = customer.name %}{{ q }}'
    expect(problemsOf(steps({ with: { text } }))).toEqual({})
  })

  it('is refused with every problem at once, in one line for people', () => {
    const over = { ...steps({ action: 'shout' }, { with: {} }), when: { path: 'x', is: 'exists' } }
    expect(Object.keys(problemsOf(over))).toEqual(['steps.0.action', 'steps.1.with.text', 'when'])
    expect(() => compile(over)).toThrow(/^greet: steps\.0\.action "shout".*; steps\.1.*; when names "x"/)
  })

  it.each([null, undefined, 'text', 7, [], {}, { key: 7 }])('is refused when it is %j', value => {
    expect(() => compileHandler(value, 1, actions)).toThrow(HandlerInvalid)
  })
})

describe('a hostile document', () => {
  const nested = (depth: number): object =>
    depth === 0 ? { path: 'time.hour', is: 'gt', value: 1 } : { all: [nested(depth - 1)] }

  it('is refused where its conditions are too deep', () => {
    expect(problemsOf({ when: nested(20) })).toEqual({})
    const [[path, message] = []] = Object.entries(problemsOf({ when: nested(21) }))
    expect(path).toMatch(/^when(\.all\.0)+\.all$/)
    expect(message).toBe('is deeper than 20 conditions; put some side by side in one all or any')
  })

  it('is refused where it holds itself', () => {
    const list: unknown[] = []
    list.push(list)
    const [message] = Object.values(problemsOf(steps({ with: { text: list } })))
    expect(message).toBe('is deeper than 64 levels, or holds itself')
  })

  it('is refused where it is too large, or grows so by what it refers to', () => {
    const message = { document: 'is larger than 256 kB' }
    expect(problemsOf(steps({ with: { text: 'x'.repeat(300_000) } }))).toEqual(message)
    const grown = Array.from({ length: 9 }).reduce<unknown>(part => Array(10).fill(part), 'x')
    expect(problemsOf(steps({ with: { text: grown } }))).toEqual(message)
  })

  it('is refused for a name that objects hide, and not for an action of such a name', () => {
    const match = JSON.parse('{"__proto__":{"eq":"x"}}') as object
    expect(problemsOf({ trigger: { event: 'customer.added', match } })).toEqual({
      'trigger.match': 'names "__proto__"',
    })
    expect(problemsOf(steps({ action: 'constructor' }))).toHaveProperty(
      'steps.0.action',
      expect.stringContaining('"constructor" is not an action'),
    )
    expect(problemsOf(steps({ with: { text: 'a {{ constructor.name }}' } }))).toHaveProperty(
      'steps.0.with.text',
      expect.stringContaining('names "constructor", which is none of event'),
    )
  })
})

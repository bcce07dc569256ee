import { describe, expect, it } from 'vitest'
import { actions } from '../actions/registry.ts'
import { compileHandler } from '../handlers/compile.ts'
import { builtInHandlers } from './builtin.ts'
import { createCommandIndex, isCommand, routeCommand } from './route.ts'

const rule = {
  schemaVersion: 1,
  key: 'rule',
  title: '客户',
  trigger: { message: { contains: ['客户'] } },
  steps: [{ id: 'answer', action: 'reply', with: { text: '好' } }],
}
const handlers = [rule, ...builtInHandlers].map(document => compileHandler(document, 1, actions))
const commands = createCommandIndex(handlers)
const route = (line: string, glued = true) => {
  const routed = routeCommand(commands, line, glued)
  return routed && [routed.handler.trigger.command, routed.rest]
}

describe('a line that begins with a command', () => {
  it.each([
    ['客户 张三', ['客户', '张三']],
    ['  客户　张 三  ', ['客户', '张 三']],
    ['客户\n张三', ['客户', '张三']],
    ['/客户 张三', ['客户', '张三']],
    ['／ 客户 张三', ['客户', '张三']],
    ['ＫＨ 张三', ['客户', '张三']],
    ['Kh', ['客户', '']],
    ['？', ['帮助', '']],
    ['今日 谢谢', ['今日', '谢谢']],
    ['客户 “张 三”', ['客户', '“张 三”']],
  ])('%j goes to %j', (line, expected) => {
    expect(route(line)).toEqual(expected)
    expect(route(line, false)).toEqual(expected)
  })

  it.each([
    '',
    ' 　',
    '/',
    '“客户” 张三',
    '课户 张三',
    '请看 客户 张三',
    'constructor',
    '__proto__ x',
    '.*',
    '(客户',
    '客',
  ])('is not %j', line => {
    expect(route(line)).toBeUndefined()
  })

  it('goes to the first of two handlers of one name', () => {
    const [first, second] = handlers.filter(isCommand)
    if (first === undefined || second === undefined) throw new Error('there are no commands')
    const twin = { ...second, trigger: { ...second.trigger, command: first.trigger.command } }
    const firstOf = (...order: (typeof first)[]) =>
      routeCommand(createCommandIndex(order), first.trigger.command, true)?.handler
    expect(firstOf(first, twin)).toBe(first)
    expect(firstOf(twin, first)).toBe(twin)
  })

  it('goes to the first that may be used', () => {
    const [first, second] = handlers.filter(isCommand)
    if (first === undefined || second === undefined) throw new Error('there are no commands')
    const twin = { ...second, trigger: { ...second.trigger, command: '帮助', args: second.trigger.args } }
    const usable = (handler: unknown) => handler !== first
    const both = createCommandIndex([first, twin])
    expect(routeCommand(both, '帮助', true, usable)?.handler).toBe(twin)
    expect(routeCommand(both, '帮助张三', true, usable)).toEqual({ handler: twin, rest: '张三' })
    expect(routeCommand(both, '帮助', true, () => false)).toBeUndefined()
  })
})

describe('a name that sticks to its command', () => {
  it.each([
    ['客户张三', ['客户', '张三']],
    ['查客户张三', ['客户', '张三']],
    ['ｋｈ张三', ['客户', '张三']],
    ['客户张三 李四', ['客户', '张三 李四']],
    ['标签张三 +VIP', ['标签', '张三 +VIP']],
    ['客户一二三四五六', ['客户', '一二三四五六']],
    ['客户🙂🙂🙂🙂🙂🙂', ['客户', '🙂🙂🙂🙂🙂🙂']],
  ])('%j is understood', (line, expected) => {
    expect(route(line)).toEqual(expected)
  })

  it('is not looked for where a message rule wants the line', () => {
    expect(route('客户张三', false)).toBeUndefined()
  })

  it.each(['客户一二三四五六七', '客户说要退货怎么办', '今日愉快', '?张三'])(
    'is not taken out of %j',
    line => {
      expect(route(line)).toBeUndefined()
    },
  )
})

import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { actions } from '../actions/registry.ts'
import { compileHandler } from '../handlers/compile.ts'
import { builtInHandlers } from './builtin.ts'
import { helpFor, helpOverview, misusedCommand, unfitArgument, unknownCommand, usage } from './help.ts'
import { isCommand } from './route.ts'

const handler = (trigger: object, title = '标题') =>
  compileHandler(
    {
      schemaVersion: 1,
      key: 'one',
      title,
      trigger,
      steps: [{ id: 'answer', action: 'reply', with: { text: '好' } }],
    },
    1,
    actions,
  )
const handlers = builtInHandlers.map(document => compileHandler(document, 1, actions))
const commands = handlers.filter(isCommand)

describe('the usage of a command', () => {
  const usageOf = (args: object[]) =>
    [handler({ command: '查', args })].filter(isCommand).map(one => usage(one.trigger))
  it('shows what must be typed, and in brackets what may be left out', () => {
    expect(
      usageOf([
        { name: 'a', title: '名字', type: 'word' },
        { name: 'b', title: '日期', type: 'word', required: false },
        { name: 'c', title: '标签', type: 'tags', required: false },
      ]),
    ).toEqual(['查 <名字> [日期] [+标签 -标签]'])
    expect(usageOf([])).toEqual(['查'])
  })
})

describe('the help', () => {
  it('lists commands alone, a line each, by summary or else by title', () => {
    const rule = handler({ message: { contains: ['退款'] } }, '退款话术')
    const bare = handler({ command: '报表' }, '看报表')
    expect(helpOverview([rule, bare, ...handlers]).split('\n')).toEqual([
      '你可以发这些命令：',
      '报表　看报表',
      ...commands.map(({ trigger }) => `${usage(trigger)}　${trigger.summary}`),
      '',
      '想看某个命令的用法，发：帮助 命令名',
    ])
  })

  it('explains one command by its name or an alias, of any width and case', async () => {
    const whole =
      '【标签】给客户加标签、去标签\n用法：标签 <名字> +标签 -标签\n例如：标签 张三 +VIP -低意向\n也可以写：打标签、bq'
    for (const word of ['标签', '打标签', 'ＢＱ']) expect(await helpFor(handlers, word)).toBe(whole)
  })

  it('leaves out what a command does not say', async () => {
    expect(await helpFor([handler({ command: '报表' }, '看报表')], '报表')).toBe('【报表】看报表\n用法：报表')
  })

  it('of a word that is none names the nearest, or where to look', async () => {
    expect(await helpFor(handlers, '课户')).toContain('· 客户 张三')
    expect(await helpFor(handlers, 'constructor')).toBe('没看懂“constructor”。\n发“帮助”看看我会做什么。')
  })

  it('knows no command that is not among those given', async () => {
    expect(await helpFor([], '客户')).toContain('没看懂“客户”')
  })
})

describe('the answer to a line', () => {
  it('that lacks an argument says which one, how to write it, and a line that works', () => {
    const [tag] = commands.filter(one => one.trigger.command === '标签')
    const [, argument] = tag?.trigger.args ?? []
    if (tag === undefined || argument === undefined) throw new Error('there is no tag command')
    expect(misusedCommand(tag.trigger, { missing: argument })).toBe(
      '缺少“标签”。\n用法：标签 <名字> +标签 -标签\n例如：标签 张三 +VIP -低意向',
    )
  })

  it('that has words too many says which, that nothing was done, and how to write it', () => {
    const answerOf = (command: string, surplus: string) =>
      commands
        .filter(one => one.trigger.command === command)
        .map(({ trigger }) => misusedCommand(trigger, { surplus }))
    expect(answerOf('暂停', '欢迎新客户')).toEqual(['多写了“欢迎新客户”，没有执行。\n用法：暂停'])
    expect(answerOf('帮助', '怎么用')).toEqual([
      '多写了“怎么用”，没有执行。有空格的内容请用引号括起来。\n用法：帮助 [命令名]\n例如：帮助 标签',
    ])
    expect(answerOf('今日', '长'.repeat(21))).toEqual([`多写了“${'长'.repeat(20)}…”，没有执行。\n用法：今日`])
  })

  it('that is too long says how long it may be, and how to write it', () => {
    const [customer] = commands.filter(one => one.trigger.command === '客户')
    const { error } = z.object({ customer: z.string().max(200) }).safeParse({ customer: '长'.repeat(201) })
    if (customer === undefined || error === undefined) throw new Error('there is nothing to answer')
    const answer = unfitArgument(customer.trigger, error)
    expect(answer).toContain('最多 200 个字')
    expect(answer).toContain('用法：客户 <名字>')
    expect(answer).not.toContain('长长')
  })

  it('that is none repeats its first word only, and no more than 12 characters of it', async () => {
    expect(await unknownCommand(commands, ' 课户 张三的秘密 ')).toMatch(
      /^没看懂“课户”，是不是想发：\n· 客户 张三\n/,
    )
    expect(await unknownCommand(commands, '🙂'.repeat(500))).toMatch(/^没看懂“(🙂){12}”。\n/u)
    expect(await unknownCommand(commands, '')).toMatch(/^没看懂“”/)
  })

  it('repeats template signs literally', async () => {
    expect(await unknownCommand(commands, '{{a.name}} $&')).toContain('“{{a.name}}”')
  })
})

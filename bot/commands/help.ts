import type { z } from 'zod'
import type { CompiledHandler } from '../handlers/compile.ts'
import type { CommandArgument, CommandTrigger } from '../handlers/schema.ts'
import { type Misuse, normalizeWord } from './parse.ts'
import { type CommandHandler, isCommand, wordsOf } from './route.ts'

const placeholders: Record<CommandArgument['type'], (title: string) => string> = {
  word: title => `<${title}>`,
  number: title => `<${title}>`,
  rest: title => `<${title}>`,
  tags: () => '+标签 -标签',
}

/** `客户 <名字>`; what may be left out stands in brackets. */
export function usage(trigger: CommandTrigger): string {
  const parts = trigger.args.map(argument => {
    const text = placeholders[argument.type](argument.title)
    return argument.required ? text : `[${text.replace(/^<|>$/g, '')}]`
  })
  return [trigger.command, ...parts].join(' ')
}

/** All commands, a line each. */
export function helpOverview(handlers: readonly CompiledHandler[]): string {
  const lines = handlers
    .filter(isCommand)
    .map(({ trigger, title }) => `${usage(trigger)}　${trigger.summary || title}`)
  return ['你可以发这些命令：', ...lines, '', '想看某个命令的用法，发：帮助 命令名'].join('\n')
}

/** One command in full. */
export async function helpFor(handlers: readonly CompiledHandler[], word: string): Promise<string> {
  const commands = handlers.filter(isCommand)
  const wanted = normalizeWord(word)
  const handler = commands.find(one => wordsOf(one).some(name => normalizeWord(name) === wanted))
  if (handler === undefined) return unknownCommand(commands, word)
  const { trigger, title } = handler
  return [
    `【${trigger.command}】${trigger.summary || title}`,
    `用法：${usage(trigger)}`,
    ...(trigger.example === '' ? [] : [`例如：${trigger.example}`]),
    ...(trigger.aliases.length === 0 ? [] : [`也可以写：${trigger.aliases.join('、')}`]),
  ].join('\n')
}

/** What to answer when a needed argument is missing, one does not fit, or there are words that none takes. */
export function misusedCommand(trigger: CommandTrigger, misuse: Misuse): string {
  if ('missing' in misuse) return withUsage(trigger, `缺少${missingNames(trigger, misuse.missing)}。`)
  if ('unfit' in misuse) return withUsage(trigger, misuse.fault)
  const words = [...misuse.surplus]
  const shown = words.length > 20 ? `${words.slice(0, 20).join('')}…` : misuse.surplus
  const quotes = trigger.args.length > 0 ? '有空格的内容请用引号括起来。' : ''
  return withUsage(trigger, `多写了“${shown}”，没有执行。${quotes}`)
}

/** It and what is needed behind it: arguments are given in their order. */
function missingNames({ args }: CommandTrigger, first: CommandArgument): string {
  const from = args.findIndex(one => one.name === first.name)
  const names = args
    .slice(from)
    .filter(one => one.required)
    .map(one => `“${one.title}”`)
  return [names.slice(0, -1).join('、'), ...names.slice(-1)].filter(Boolean).join('和')
}

function withUsage(trigger: CommandTrigger, fault: string): string {
  const how = usage(trigger)
  const example = trigger.example === '' || trigger.example === how ? [] : [`例如：${trigger.example}`]
  return [fault, `用法：${how}`, ...example].join('\n')
}

/** What to answer when an argument is there but does not fit. */
export function unfitArgument(trigger: CommandTrigger, error: z.ZodError): string {
  const [issue] = error.issues
  const fault =
    issue?.code === 'too_big'
      ? `写得太长了，最多 ${issue.maximum} ${issue.origin === 'array' ? '个' : '个字'}。`
      : '有一处没写内容，补上再发。'
  return withUsage(trigger, fault)
}

/** What to answer to a menu entry that nothing is meant for: whoever clicked did not write its key. */
export const unsetMenu = '这个菜单还没有设置，请联系管理员。\n发“帮助”看看我会做什么。'

/** What to answer to a line that an automation would take, were not all of them paused. */
export const pausedRules =
  '自动回复已暂停，这句话暂时不会处理，请稍后再试。\n命令照常可用，发“帮助”看看我会做什么。'

/** What to answer to a line that is no command: the nearest ones, never silence. */
export async function unknownCommand(commands: readonly CommandHandler[], line: string): Promise<string> {
  const word = line.trim().split(/\s/, 1)[0] ?? ''
  const shown = [...word].slice(0, 12).join('')
  // Its pinyin takes 15 MB and a moment to load, and few lines are none.
  const { nearestCommands } = await import('./suggest.ts')
  const near = nearestCommands(commands, line)
  if (near.length === 0) return `没看懂“${shown}”。\n发“帮助”看看我会做什么。`
  return [
    `没看懂“${shown}”，是不是想发：`,
    ...near.map(({ trigger }) => `· ${trigger.example || usage(trigger)}`),
    '发“帮助”看全部命令。',
  ].join('\n')
}

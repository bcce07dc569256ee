import type { CompiledHandler } from '../handlers/compile.ts'
import type { CommandTrigger } from '../handlers/schema.ts'
import { normalizeWord, tokenize } from './parse.ts'

/** A handler that a command starts. */
export type CommandHandler = CompiledHandler & { trigger: CommandTrigger }

/** The commands of a corp, in their order, and by each of their words as compared. */
export interface CommandIndex {
  handlers: readonly CommandHandler[]
  byWord: ReadonlyMap<string, readonly CommandHandler[]>
}

export function isCommand(handler: CompiledHandler): handler is CommandHandler {
  return 'command' in handler.trigger
}

/** @param handlers in their order; those that are no commands are left out */
export function createCommandIndex(handlers: readonly CompiledHandler[]): CommandIndex {
  const commands = handlers.filter(isCommand)
  const byWord = new Map<string, CommandHandler[]>()
  for (const handler of commands) {
    for (const word of new Set(wordsOf(handler).map(normalizeWord))) {
      const known = byWord.get(word)
      if (known === undefined) byWord.set(word, [handler])
      else known.push(handler)
    }
  }
  return { handlers: commands, byWord }
}

/** Longest word that may stick to a command without white space: `客户张三` is meant, a whole sentence is not. */
const gluedMax = 6

/**
 * The command that a line begins with, by name or alias, and the rest of the line. A slash before it is ignored.
 *
 * @param glued whether `客户张三` counts; only where no message rule wants the line
 * @param isUsable whether whoever wrote may use it now
 */
export function routeCommand(
  commands: CommandIndex,
  line: string,
  glued: boolean,
  isUsable: (handler: CommandHandler) => boolean = () => true,
): { handler: CommandHandler; rest: string } | undefined {
  const text = line.trim().replace(/^[/／]\s*/, '')
  const [first] = tokenize(text)
  if (first === undefined || first.quoted) return undefined
  const word = normalizeWord(first.text)
  const exact = commands.byWord.get(word)?.find(isUsable)
  if (exact !== undefined) return { handler: exact, rest: text.slice(first.end).trim() }
  return glued ? routeGlued(commands, text, word, isUsable) : undefined
}

function routeGlued(
  commands: CommandIndex,
  text: string,
  word: string,
  usable: (handler: CommandHandler) => boolean,
): { handler: CommandHandler; rest: string } | undefined {
  const characters = [...word]
  const found = new Set<CommandHandler>()
  for (let sticking = 1; sticking <= gluedMax && characters.length - sticking >= 2; sticking += 1) {
    const name = characters.slice(0, -sticking).join('')
    for (const handler of commands.byWord.get(name) ?? []) {
      if (handler.trigger.args.length > 0 && usable(handler)) found.add(handler)
    }
  }
  // Of several the first in their order, and of its words the one that it names first.
  const handler = found.size === 0 ? undefined : commands.handlers.find(one => found.has(one))
  if (handler === undefined) return undefined
  const name = wordsOf(handler)
    .map(normalizeWord)
    .find(one => word.startsWith(one) && sticks(characters.length - [...one].length, one))
  return { handler, rest: text.slice((name ?? '').length).trim() }
}

function sticks(sticking: number, name: string): boolean {
  return sticking > 0 && sticking <= gluedMax && [...name].length >= 2
}

/** The command's name and its aliases. */
export function wordsOf(handler: CommandHandler): string[] {
  return [handler.trigger.command, ...handler.trigger.aliases]
}

import type { CompiledHandler } from '../handlers/compile.ts'
import type { CommandTrigger } from '../handlers/schema.ts'
import { normalizeWord, tokenize } from './parse.ts'

/** A handler that a command starts. */
export type CommandHandler = CompiledHandler & { trigger: CommandTrigger }

export function isCommand(handler: CompiledHandler): handler is CommandHandler {
  return 'command' in handler.trigger
}

/** Longest word that may stick to a command without white space: `客户张三` is meant, a whole sentence is not. */
const gluedMax = 6

/**
 * The command that a line begins with, by name or alias, and the rest of the line. A slash before it is ignored.
 *
 * @param glued whether `客户张三` counts; only where no message rule wants the line
 */
export function routeCommand(
  handlers: readonly CompiledHandler[],
  line: string,
  glued: boolean,
): { handler: CommandHandler; rest: string } | undefined {
  const text = line.trim().replace(/^[/／]\s*/, '')
  const [first] = tokenize(text)
  if (first === undefined || first.quoted) return undefined
  const word = normalizeWord(first.text)
  const commands = handlers.filter(isCommand)
  const exact = commands.find(handler => wordsOf(handler).some(name => normalizeWord(name) === word))
  if (exact !== undefined) return { handler: exact, rest: text.slice(first.end).trim() }
  if (!glued) return undefined
  for (const handler of commands.filter(one => one.trigger.args.length > 0)) {
    for (const name of wordsOf(handler).map(normalizeWord)) {
      const sticking = [...word].length - [...name].length
      if ([...name].length >= 2 && word.startsWith(name) && sticking > 0 && sticking <= gluedMax) {
        return { handler, rest: text.slice(name.length).trim() }
      }
    }
  }
  return undefined
}

/** The command's name and its aliases. */
export function wordsOf(handler: CommandHandler): string[] {
  return [handler.trigger.command, ...handler.trigger.aliases]
}

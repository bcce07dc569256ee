import type { Models } from '../../models/models.ts'
import { normalizeWord } from '../commands/parse.ts'
import { comingHandlers } from './coming.ts'
import type { Problem } from './compile.ts'
import { coversScope, narrows } from './covers.ts'
import { inOrder } from './handler-set.ts'
import type { CommandTrigger, HandlerDocument } from './schema.ts'

/** What is looked at of a document. */
type Document = Pick<HandlerDocument, 'key' | 'enabled' | 'trigger' | 'scope' | 'when' | 'priority'>
type Command = Document & { trigger: CommandTrigger }

/**
 * Looks whether another command that is switched on, or published together with this one, takes every line of one of its
 * words: of two that the asker may use the first in order runs, so that the second never would. Where the two have one
 * priority, that this one would take the other's lines is told too: that the key decides is nobody's wish.
 *
 * @param documents what is published together with it, as it came
 */
export async function checkWords(
  models: Models,
  corpId: string,
  document: Document,
  documents: readonly Record<string, unknown>[] = [],
): Promise<Problem[]> {
  if (!isCommand(document) || !document.enabled) return []
  const commands = (await comingHandlers(models, corpId, documents, ['command'])).filter(isCommand)
  const others = commands.filter(one => one.key !== document.key)
  return words(document).flatMap(({ path, word }): Problem[] => {
    const same = others.filter(one => words(one).some(own => own.word === word))
    const before = same.find(one => inOrder(one, document) < 0 && takesAllOf(one, document))
    if (before !== undefined)
      return [
        {
          path,
          message: `"${word}" is a word of the command ${before.key} too, which comes first and takes all of its lines; use another word, or switch that one off`,
        },
      ]
    const after = same.find(
      one => one.priority === document.priority && inOrder(document, one) < 0 && takesAllOf(document, one),
    )
    if (after === undefined) return []
    const instead =
      after.priority > 0
        ? `use another word, or a priority below ${after.priority}, so that this one comes first on purpose`
        : 'use another word'
    return [
      {
        path,
        message: `"${word}" is a word of the command ${after.key} too, which would get none of its lines any more; ${instead}`,
      },
    ]
  })
}

function isCommand<T extends Document>(document: T): document is T & Command {
  return 'command' in document.trigger
}

/** As they are compared, each once. */
function words({ trigger: { command, aliases } }: Command): { path: string; word: string }[] {
  return [
    { path: 'trigger.command', word: normalizeWord(command) },
    ...aliases.map((alias, index) => ({ path: `trigger.aliases.${index}`, word: normalizeWord(alias) })),
  ]
}

/** Whether whoever may use the second may always use the first. */
function takesAllOf(first: Command, second: Command): boolean {
  return (
    first.when === undefined &&
    coversScope(first.scope, second.scope) &&
    narrows(first.trigger.roles, second.trigger.roles)
  )
}

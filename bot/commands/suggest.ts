import { distance } from 'fastest-levenshtein'
import { pinyin } from 'pinyin-pro'
import { normalizeWord, tokenize } from './parse.ts'
import { type CommandHandler, wordsOf } from './route.ts'

/**
 * The commands that an unknown word may have meant, nearest first, at most two: by letters (`客护`), by sound (`课户`),
 * by pinyin (`kehu`) and by initials (`kh`).
 */
export function nearestCommands(commands: readonly CommandHandler[], line: string): CommandHandler[] {
  const word = normalizeWord(tokenize(line)[0]?.text ?? '')
  if (word === '') return []
  const said = { word, spoken: sound(word) }
  return commands
    .map(handler => ({ handler, far: Math.min(...namesOf(handler).map(name => farness(said, name))) }))
    .filter(({ far }) => far <= 1)
    .sort((a, b) => a.far - b.far)
    .slice(0, 2)
    .map(({ handler }) => handler)
}

/** A word of a command, as compared. */
interface Name {
  name: string
  spoken: string
  initials: string
}

/** As long as the set that has the command: to spell hundreds of commands takes longer than to answer a line. */
const spelled = new WeakMap<CommandHandler, Name[]>()

function namesOf(handler: CommandHandler): Name[] {
  const known = spelled.get(handler)
  if (known !== undefined) return known
  const names = wordsOf(handler)
    .map(normalizeWord)
    .map(name => ({ name, spoken: sound(name), initials: initials(name) }))
  spelled.set(handler, names)
  return names
}

/** 0 is the same, 1 still worth asking about. */
function farness(said: { word: string; spoken: string }, { name, spoken, initials }: Name): number {
  const { word } = said
  if (word === spoken || said.spoken === spoken) return 0.1
  if (word === initials) return 0.2
  if (word.startsWith(name) || name.startsWith(word)) return 0.4
  // One letter of a two-character word is half of it: near enough to ask.
  if (name.length >= 2 && word.length <= name.length + 1 && distance(word, name) === 1) return 0.6
  if (spoken.length >= 4 && distance(said.spoken, spoken) === 1) return 0.8
  return 2
}

function sound(text: string): string {
  return pinyin(text, { toneType: 'none', type: 'array', nonZh: 'consecutive' }).join('')
}

function initials(text: string): string {
  return pinyin(text, { pattern: 'first', toneType: 'none', type: 'array', nonZh: 'consecutive' }).join('')
}

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
  return commands
    .map(handler => ({
      handler,
      far: Math.min(...wordsOf(handler).map(name => farness(word, normalizeWord(name)))),
    }))
    .filter(({ far }) => far <= 1)
    .sort((a, b) => a.far - b.far)
    .slice(0, 2)
    .map(({ handler }) => handler)
}

/** 0 is the same, 1 still worth asking about. */
function farness(word: string, name: string): number {
  const spoken = sound(name)
  if (word === spoken || sound(word) === spoken) return 0.1
  if (word === initials(name)) return 0.2
  if (word.startsWith(name) || name.startsWith(word)) return 0.4
  // One letter of a two-character word is half of it: near enough to ask.
  if (name.length >= 2 && word.length <= name.length + 1 && distance(word, name) === 1) return 0.6
  if (spoken.length >= 4 && distance(sound(word), spoken) === 1) return 0.8
  return 2
}

function sound(text: string): string {
  return pinyin(text, { toneType: 'none', type: 'array', nonZh: 'consecutive' }).join('')
}

function initials(text: string): string {
  return pinyin(text, { pattern: 'first', toneType: 'none', type: 'array', nonZh: 'consecutive' }).join('')
}

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { CallbackKeyPair } from '../../bot/apps.ts'
import { appRules } from '../../config.ts'
import { type Opened, UsageError } from './verb.ts'

/** How secrets are given: never in the command line, where they would stay in the shell's history. */
export const secretArgs = {
  'secret-file': { type: 'string', description: 'File with the Secret; asked for otherwise' },
  'token-file': { type: 'string', description: 'File with the Token of the callback; asked for otherwise' },
  'aes-key-file': { type: 'string', description: 'File with the EncodingAESKey; asked for otherwise' },
  generate: {
    type: 'boolean',
    description: 'Make Token and EncodingAESKey, and print them once for the console',
    default: false,
  },
} as const

const wanted = {
  secret: { name: 'Secret', file: 'secret-file', rule: appRules.secret },
  token: { name: 'Token', file: 'token-file', rule: appRules.token },
  aesKey: { name: 'EncodingAESKey', file: 'aes-key-file', rule: appRules.aesKey },
} as const
export type Wanted = keyof typeof wanted

/** Reads what is wanted from files, and asks for the rest. @throws UsageError */
export async function readSecrets<W extends Wanted>(
  { ask }: Opened,
  args: Record<string, unknown>,
  which: readonly W[],
): Promise<Record<W, string>> {
  const read = {} as Record<W, string>
  const open = which.filter(one => args[wanted[one].file] === undefined)
  const answers = await ask(open.map(one => wanted[one].name))
  for (const one of which) {
    const { name, file, rule } = wanted[one]
    const path = args[file] as string | undefined
    const value = path === undefined ? (answers[open.indexOf(one)] ?? '') : await readSecretFile(path)
    const result = rule.safeParse(value)
    if (!result.success) throw new UsageError(`${name} ${result.error.issues[0]?.message ?? 'is wrong'}`)
    read[one] = value
  }
  return read
}

/** The one value in a file. @throws UsageError */
export async function readSecretFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`)
  }
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Letters and digits, each as likely as the others. */
function randomText(length: number): string {
  let made = ''
  while (made.length < length) {
    for (const byte of randomBytes(length)) {
      // The 62 letters fit four times into a byte; what is beyond would favour the first ones.
      if (byte < 248 && made.length < length) made += letters[byte % 62]
    }
  }
  return made
}

/** A pair as WeCom's console makes it (`path/90930`). */
export function makePair(): CallbackKeyPair {
  return { token: randomText(32), aesKey: randomText(43) }
}

export async function readPair(opened: Opened, args: Record<string, unknown>): Promise<CallbackKeyPair> {
  return args.generate ? makePair() : readSecrets(opened, args, ['token', 'aesKey'])
}

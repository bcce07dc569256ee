import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { UsageError } from './verb.ts'

type Terminal = Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown }

/**
 * Asks for values that must not stand in a command line, where they would stay in the shell's history. On a terminal
 * each is asked for by its name and not shown; otherwise each is the next line of `input`.
 *
 * @throws UsageError when one is missing, or the terminal's user gives up
 */
export async function ask(names: readonly string[], input: Terminal, output: Writable): Promise<string[]> {
  if (names.length === 0) return []
  if (input.isTTY === true) return askTerminal(names, input, output)
  const lines = (await text(input)).split(/\r?\n/).map(line => line.trim())
  const missing = names.filter((_, index) => !lines[index])
  if (missing.length > 0)
    throw new UsageError(`stdin holds no ${missing.join(', no ')}; it takes ${names.join(', ')}, a line each`)
  return lines.slice(0, names.length)
}

async function askTerminal(names: readonly string[], input: Terminal, output: Writable): Promise<string[]> {
  const values: string[] = []
  input.setRawMode?.(true)
  try {
    for (const name of names) {
      output.write(`${name} (not shown): `)
      values.push(await readHidden(input))
      output.write('\n')
    }
  } finally {
    input.setRawMode?.(false)
    input.pause()
  }
  return values
}

/** One line typed or pasted into a terminal that shows nothing of it. */
function readHidden(input: Readable): Promise<string> {
  let line = ''
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      input.off('data', onData)
      settle()
    }
    function onData(chunk: Buffer | string): void {
      for (const key of String(chunk)) {
        if (key === '\r' || key === '\n') {
          end(() => resolve(line.trim()))
          return
        }
        if (key === '\u0003' || key === '\u0004') {
          end(() => reject(new UsageError('given up')))
          return
        }
        line = key === '\u007f' || key === '\b' ? line.slice(0, -1) : line + key
      }
    }
    input.on('data', onData)
    input.resume()
  })
}

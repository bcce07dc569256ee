import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { ask } from './ask.ts'

/** A terminal, with what it has shown and whether it echoes. */
function terminal() {
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    raw: [] as boolean[],
    setRawMode(raw: boolean) {
      input.raw.push(raw)
    },
  })
  const output = new PassThrough({ encoding: 'utf8' })
  return { input, output, shown: () => String(output.read()) }
}

describe('secrets that are asked for', () => {
  it('are lines of stdin where that is no terminal', async () => {
    const input = new PassThrough()
    input.end('one\r\n  two \nthree\n')
    expect(await ask(['Secret', 'Token'], input, new PassThrough())).toEqual(['one', 'two'])
  })

  it('are missed by their names', async () => {
    const input = new PassThrough()
    input.end('one\n\n')
    await expect(ask(['Secret', 'Token', 'EncodingAESKey'], input, new PassThrough())).rejects.toThrow(
      'stdin holds no Token, no EncodingAESKey; it takes Secret, Token, EncodingAESKey, a line each',
    )
  })

  it('do not wait for a stdin that stays open when nothing is wanted', async () => {
    expect(await ask([], new PassThrough(), new PassThrough())).toEqual([])
  })

  it('are typed or pasted into a terminal, which does not show them', async () => {
    const { input, output, shown } = terminal()
    const asked = ask(['Secret', 'Token'], input, output)
    input.write('secreX\u007ft\r')
    await new Promise(setImmediate)
    input.write('tok')
    input.write('en\n')
    expect(await asked).toEqual(['secret', 'token'])
    expect(shown()).toBe('Secret (not shown): \nToken (not shown): \n')
    expect(input.raw).toEqual([true, false])
  })

  it('may be given up with Ctrl-C, and the terminal is as it was', async () => {
    const { input, output } = terminal()
    const asked = ask(['Secret'], input, output)
    input.write('abc\u0003')
    await expect(asked).rejects.toThrow('given up')
    expect(input.raw).toEqual([true, false])
  })
})

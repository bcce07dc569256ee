import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HandlerFileError, readHandlerFile } from './read-file.ts'

describe('a file of handlers', () => {
  const write = (text: string): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'handlers-')), 'handlers.yaml')
    writeFileSync(path, text)
    return path
  }

  it('may hold one document or several, in YAML or JSON', async () => {
    expect(await readHandlerFile(write('key: one'))).toEqual([{ key: 'one' }])
    expect(await readHandlerFile(write('key: one\n---\nkey: two\n'))).toEqual([
      { key: 'one' },
      { key: 'two' },
    ])
    expect(await readHandlerFile(write('{"key": "one"}'))).toEqual([{ key: 'one' }])
  })

  it.each([
    ['broken YAML', 'key: [one'],
    ['a list', '- key: one'],
    ['a text', 'hello'],
    ['nothing', ''],
    [
      'a reference that multiplies',
      `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${'*a,'.repeat(40)}*a]\nc: [${'*b,'.repeat(40)}*b]`,
    ],
  ])('is refused when it holds %s', async (_what, text) => {
    await expect(readHandlerFile(write(text))).rejects.toThrow()
  })

  it('that is not there is named', async () => {
    await expect(readHandlerFile('/nowhere.yaml')).rejects.toThrow(HandlerFileError)
  })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { deserialize, serialize } from 'bson'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromLine, idOf, readLines, toLine } from './lines.ts'

describe('a stored document as a line', () => {
  it('is canonical Extended JSON', () => {
    const stored = serialize({ _id: 1, when: new Date(5), half: 0.5, list: [null, true] })
    expect(toLine(stored)).toEqual({
      line: '{"_id":{"$numberInt":"1"},"when":{"$date":{"$numberLong":"5"}},"half":{"$numberDouble":"0.5"},"list":[null,true]}',
      exact: true,
    })
  })

  const withUndefined = serialize({ _id: 1, a: undefined }, { ignoreUndefined: false })
  withUndefined[withUndefined.lastIndexOf(0x0a)] = 0x06
  const brokenText = serialize({ _id: 1, a: 'xyz' })
  brokenText[brokenText.indexOf(0x78)] = 0xff
  it.each([
    ['a sub-document that looks like Extended JSON', serialize({ _id: 1, a: { $numberInt: '1' } })],
    [
      'fields like numbers in another order',
      serialize(
        new Map<string, number>([
          ['_id', 1],
          ['b', 1],
          ['1', 1],
        ]),
      ),
    ],
    ['the type that is no longer in use for undefined', withUndefined],
    ['text that is no UTF-8', brokenText],
  ])('says that %s would not come back', (_, stored) => {
    expect(toLine(stored).exact).toBe(false)
    expect(idOf(stored)).toBe('1')
  })

  it('has fields of any name', () => {
    const stored = serialize(JSON.parse('{"_id":1,"__proto__":{"a":1},"constructor":2,"":3}'))
    const { line, exact } = toLine(stored)
    expect(exact).toBe(true)
    expect(Object.keys(deserialize(serialize(fromLine(line))))).toEqual([
      '_id',
      '__proto__',
      'constructor',
      '',
    ])
  })
})

describe('the lines of a file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sidekick-lines-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const read = async (text: string): Promise<string[]> => {
    const path = join(folder, 'lines')
    await writeFile(path, text)
    return Readable.from(readLines(path)).toArray()
  }

  it('end with a line feed and nothing else', async () => {
    expect(await read('a\u2028b\rc\n\nd\n')).toEqual(['a\u2028b\rc', '', 'd'])
    expect(await read('a\nb')).toEqual(['a', 'b'])
    expect(await read('')).toEqual([])
  })

  it('are whole where they are longer than what is read at once', async () => {
    const lines = ['客'.repeat(100_000), 'x'.repeat(65_536), '户'.repeat(50_000)]
    expect(await read(`${lines.join('\n')}\n`)).toEqual(lines)
  })
})

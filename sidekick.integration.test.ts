import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const tool = join(import.meta.dirname, 'dist/sidekick.js')
const sidekick = (words: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) =>
  new Promise<{ code: unknown; out: string; told: string }>(done => {
    const env = { PATH: process.env.PATH, ...options.env }
    execFile(process.execPath, [tool, ...words], { ...options, env }, (fault, out, told) =>
      done({ code: fault?.code ?? 0, out, told }),
    )
  })
const handler = `schemaVersion: 1
key: refund-help
title: 退款
trigger: { message: { contains: [退款] } }
steps:
  - { id: answer, action: reply, with: { text: 请稍等 } }
`

describe('sidekick, where it was never started', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sidekick-'))
    writeFileSync(join(folder, 'refund.yaml'), handler)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const validate = (env: Record<string, string> = {}) =>
    sidekick(['handlers', 'validate', 'refund.yaml'], { cwd: folder, env })

  it('checks the form of handlers alone, says so, and makes neither a database nor keys', async () => {
    expect(await validate()).toEqual({
      code: 0,
      out: expect.stringContaining('all can be published'),
      told: 'checked: their form alone (there is no database yet: start Sidekick once)\n',
    })
    expect(readdirSync(folder)).toEqual(['refund.yaml'])
  })

  it('fails by a setting that is wrong', async () => {
    expect(await validate({ PORT: 'abc' })).toMatchObject({
      code: 1,
      told: expect.stringMatching(/^PORT "abc" /),
    })
    expect(await validate({ ENCRYPTION_KEY: 'x' })).toMatchObject({ code: 1 })
    expect(readdirSync(folder)).toEqual(['refund.yaml'])
  })

  it.each([
    [
      ['handlers', 'import', 'refund.yaml', '--publsh'],
      'there is no option --publsh; did you mean --publish?',
    ],
    [['inbox', 'replay', '--sinse=1m', '--yes'], 'there is no option --sinse; did you mean --since?'],
    [['corp', 'add', '--ap=1'], 'there is no option --ap; did you mean --app?'],
    [['handlers', 'lst'], 'there is no verb "sidekick handlers lst"; did you mean list?'],
  ])('fails by what it does not know, %j, before a database is made', async (words, told) => {
    expect(await sidekick(words, { cwd: folder })).toEqual({ code: 1, out: '', told: `${told}\n` })
    expect(readdirSync(folder)).toEqual(['refund.yaml'])
  })
})

describe('--help', () => {
  it.each([
    [['--help'], /^USAGE sidekick jobs\|/m],
    [['handlers', '--help'], /^USAGE sidekick handlers list\|/m],
    [['handlers', 'show', '--help'], /^USAGE sidekick handlers show \[OPTIONS\] /m],
    [['sync', '--help'], /^USAGE sidekick sync \[OPTIONS\]/m],
  ])('of %j names all that is typed, without colours in a pipe', async (words, usage) => {
    const { out } = await sidekick(words)
    expect(out).toMatch(usage)
    expect(out).toBe(stripVTControlCharacters(out))
  })
})

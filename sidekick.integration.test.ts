import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const tool = join(import.meta.dirname, 'dist/sidekick.js')
const handler = `schemaVersion: 1
key: refund-help
title: 退款
trigger: { message: { contains: [退款] } }
steps:
  - { id: answer, action: reply, with: { text: 请稍等 } }
`

describe('sidekick handlers validate, where Sidekick was never started', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sidekick-'))
    writeFileSync(join(folder, 'refund.yaml'), handler)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const validate = (env: Record<string, string> = {}) =>
    new Promise<{ code: unknown; told: string }>(done => {
      const options = { cwd: folder, env: { PATH: process.env.PATH, ...env } }
      execFile(
        process.execPath,
        [tool, 'handlers', 'validate', 'refund.yaml'],
        options,
        (fault, _out, told) => done({ code: fault?.code ?? 0, told }),
      )
    })

  it('checks the form alone, says so, and makes neither a database nor keys', async () => {
    expect(await validate()).toEqual({
      code: 0,
      told: 'checked: their form alone (there is no database yet: start Sidekick once)\n',
    })
    expect(readdirSync(folder)).toEqual(['refund.yaml'])
  })

  it('fails by a setting that is wrong', async () => {
    expect(await validate({ PORT: 'abc' })).toEqual({ code: 1, told: expect.stringMatching(/^PORT "abc" /) })
    expect(await validate({ ENCRYPTION_KEY: 'x' })).toMatchObject({ code: 1 })
    expect(readdirSync(folder)).toEqual(['refund.yaml'])
  })
})

describe('--help', () => {
  it.each([
    [['--help'], /^USAGE sidekick jobs\|/m],
    [['handlers', '--help'], /^USAGE sidekick handlers list\|/m],
    [['handlers', 'show', '--help'], /^USAGE sidekick handlers show \[OPTIONS\] /m],
    [['sync', '--help'], /^USAGE sidekick sync \[OPTIONS\]/m],
  ])('of %j names all that is typed', async (words, usage) => {
    const env = { PATH: process.env.PATH, NO_COLOR: '1' }
    const told = await new Promise<string>(done =>
      execFile(process.execPath, [tool, ...words], { env }, (_fault, out) => done(out)),
    )
    expect(told).toMatch(usage)
  })
})

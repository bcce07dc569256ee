import { describe, expect, it } from 'vitest'
import { ERRCODES, errcodeInfo } from './errcodes.ts'

describe('error codes', () => {
  it.each([
    [-1, 'retry'],
    [40014, 'token'],
    [42001, 'token'],
    [45009, 'backoff'],
    [45036, 'backoff'],
    [45033, 'retry'],
    [41210, 'backoff'],
    [846606, 'done'],
    [846612, 'config'],
    [45035, 'retry'],
    [41096, 'retry'],
    [41050, 'give_up'],
    [41051, 'done'],
    [40029, 'user'],
    [60020, 'config'],
    [84061, 'give_up'],
  ])('%d asks for %s', (errcode, reaction) => {
    expect(errcodeInfo(errcode).reaction).toBe(reaction)
  })

  it('know the ranges of card and group chat errors', () => {
    expect(errcodeInfo(42033).hint).toContain('卡片')
    expect(errcodeInfo(86008).hint).toContain('群聊')
  })

  it('give up on what the table does not know, even if its name means something to objects', () => {
    expect(errcodeInfo(99_999_999)).toMatchObject({ reaction: 'give_up' })
    expect(errcodeInfo(Number.NaN)).toMatchObject({ reaction: 'give_up' })
  })

  it('each tell the operator one line in Chinese', () => {
    for (const { hint } of Object.values(ERRCODES)) expect(hint).toMatch(/^(?=.*\p{Script=Han})[^\n]{4,60}$/u)
  })
})

import { describe, expect, it } from 'vitest'
import { readLength, readMoment } from './moments.ts'

const now = Date.parse('2026-03-02T00:00:00Z')

describe('a moment of an option', () => {
  it.each([
    ['90s', '2026-03-01T23:58:30.000Z'],
    ['2h', '2026-03-01T22:00:00.000Z'],
    ['3d', '2026-02-27T00:00:00.000Z'],
    ['2026-03-01T09:00:00+08:00', '2026-03-01T01:00:00.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
  ])('%s is %s', (text, at) => {
    expect(readMoment('--since', text, now).toISOString()).toBe(at)
  })

  it.each(['', '2', '2w', '-2h', '1.5h', 'yesterday', '2026', '2026-13-01'])('is not "%s"', text => {
    expect(() => readMoment('--since', text, now)).toThrow(`--since "${text}" is no moment`)
  })
})

describe('a length of time', () => {
  it.each([
    ['0s', 0],
    ['30m', 1_800_000],
    ['24h', 86_400_000],
    ['h', undefined],
    ['24 h', undefined],
  ])('%s is %s ms', (text, ms) => {
    expect(readLength(text)).toBe(ms)
  })
})

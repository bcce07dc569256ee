import { describe, expect, it } from 'vitest'
import { isCron, nextDue } from './cron.ts'

/** The next moments, in UTC without seconds. */
function moments(cron: string, timeZone: string, after: string, count: number): string[] {
  const found: number[] = []
  while (found.length < count) found.push(nextDue(cron, timeZone, found.at(-1) ?? Date.parse(after)))
  return found.map(at => new Date(at).toISOString().slice(5, 16))
}

describe('a cron expression', () => {
  it.each(['0 9 * * 1-5', '*/15 9-18 * * *', '0 9 L * *', '0 9 * * 1#2', '30 8 29 2 *', '0 9 * jan mon'])(
    'is %s',
    expression => expect(isCron(expression)).toBe(true),
  )

  it.each([
    ['six fields', '0 0 9 * * *'],
    ['four fields', '0 9 * *'],
    ['a word', '@daily'],
    ['a day that no month has', '0 9 30 2 *'],
    ['an hour that no day has', '0 24 * * *'],
    ['a step of nothing', '*/0 * * * *'],
    ['a moment that is drawn', 'H 9 * * *'],
    ['one that is drawn from a range', '0,H 9 * * *'],
  ])('is not %s', (_what, expression) => expect(isCron(expression)).toBe(false))

  it.each([
    [
      'in the corp’s time zone',
      '0 9 * * *',
      'Asia/Shanghai',
      '2026-03-01T00:00Z',
      ['03-01T01:00', '03-02T01:00'],
    ],
    ['on working days', '0 9 * * 1-5', 'Asia/Shanghai', '2026-11-20T02:00Z', ['11-23T01:00', '11-24T01:00']],
    [
      'once on the day that has no such time, when the clocks have gone on',
      '30 2 * * *',
      'America/New_York',
      '2026-03-07T00:00Z',
      ['03-07T07:30', '03-08T07:30', '03-09T06:30'],
    ],
    [
      'once on the day that has it twice',
      '30 1 * * *',
      'America/New_York',
      '2026-10-31T00:00Z',
      ['10-31T05:30', '11-01T05:30', '11-02T06:30'],
    ],
    [
      'not for the second time, asked between the two',
      '30 1 * * *',
      'America/New_York',
      '2026-11-01T05:45Z',
      ['11-02T06:30'],
    ],
    [
      'all through the night that is an hour longer',
      '*/30 * * * *',
      'America/New_York',
      '2026-11-01T05:15Z',
      ['11-01T05:30', '11-01T06:00', '11-01T06:30', '11-01T07:00'],
    ],
    [
      'all through the night that is an hour shorter',
      '*/30 * * * *',
      'America/New_York',
      '2026-03-08T06:15Z',
      ['03-08T06:30', '03-08T07:00', '03-08T07:30'],
    ],
    [
      'where the clocks change at midnight',
      '0 0 * * *',
      'Asia/Beirut',
      '2026-03-27T12:00Z',
      ['03-27T22:00', '03-28T22:00', '03-29T21:00'],
    ],
  ])('is due %s', (_what, cron, timeZone, after, expected) => {
    expect(moments(cron, timeZone, after, expected.length)).toEqual(expected)
  })
})

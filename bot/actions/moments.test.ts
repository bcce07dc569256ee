import { describe, expect, it } from 'vitest'
import { ago, day, startOfDay } from './moments.ts'

const shanghai = 'Asia/Shanghai'

describe('a day', () => {
  const now = new Date('2026-05-01T00:00:00Z')

  it('is the day of the corp, not of UTC', () => {
    expect(day(new Date('2026-02-28T15:59:59Z'), shanghai, now)).toBe('02-28')
    expect(day(new Date('2026-02-28T16:00:00Z'), shanghai, now)).toBe('03-01')
  })

  it('bears its year where that is another one', () => {
    expect(day(new Date('2025-12-31T15:59:59Z'), shanghai, now)).toBe('2025-12-31')
    expect(day(new Date('2025-12-31T16:00:00Z'), shanghai, now)).toBe('01-01')
  })

  it('bears its year as soon as the new year has begun in the corp, while UTC has the old one', () => {
    const newYear = new Date('2025-12-31T16:00:00Z')
    expect(day(new Date('2025-12-31T15:00:00Z'), shanghai, newYear)).toBe('2025-12-31')
    expect(day(new Date('2025-12-31T15:00:00Z'), 'UTC', newYear)).toBe('12-31')
  })
})

describe('how long ago', () => {
  const now = new Date('2026-03-01T12:00:00Z')
  const minute = 60_000
  const hour = 60 * minute
  const dayMs = 24 * hour
  it.each([
    [0, '刚刚'],
    [minute - 1, '刚刚'],
    [minute, '1 分钟前'],
    [hour - 1, '59 分钟前'],
    [hour, '1 小时前'],
    [dayMs - 1, '23 小时前'],
    [dayMs, '1 天前'],
    [60 * dayMs - 1, '59 天前'],
    [60 * dayMs, '2 个月前'],
    [400 * dayMs, '13 个月前'],
    // Clocks of two machines need not agree.
    [-5 * minute, '刚刚'],
  ])('%i ms is %s', (ms, text) => {
    expect(ago(new Date(now.getTime() - ms), now)).toBe(text)
  })
})

describe('the first moment of a day', () => {
  const start = (iso: string, zone = shanghai) => startOfDay(new Date(iso), zone).toISOString()

  it('is midnight in the corp, and belongs to its own day', () => {
    expect(start('2026-03-01T15:59:59.999Z')).toBe('2026-02-28T16:00:00.000Z')
    expect(start('2026-03-01T16:00:00.000Z')).toBe('2026-03-01T16:00:00.000Z')
    expect(start('2026-03-01T16:00:00.001Z')).toBe('2026-03-01T16:00:00.000Z')
  })

  it('is right in zones that are half or a quarter of an hour off', () => {
    expect(start('2026-03-01T12:34:56Z', 'Asia/Kolkata')).toBe('2026-02-28T18:30:00.000Z')
    expect(start('2026-03-01T12:34:56Z', 'Asia/Kathmandu')).toBe('2026-02-28T18:15:00.000Z')
  })

  it('follows summer time on the days after the clocks were changed', () => {
    expect(start('2026-03-07T17:00:00Z', 'America/New_York')).toBe('2026-03-07T05:00:00.000Z')
    expect(start('2026-03-09T17:00:00Z', 'America/New_York')).toBe('2026-03-09T04:00:00.000Z')
    expect(start('2026-11-02T17:00:00Z', 'America/New_York')).toBe('2026-11-02T05:00:00.000Z')
  })

  it('is right before the clocks are changed on the very day', () => {
    expect(start('2026-03-08T06:30:00Z', 'America/New_York')).toBe('2026-03-08T05:00:00.000Z')
  })
})

describe('the first moment of a day on which the clocks were changed', () => {
  it.each([
    ['put forward at 2', '2026-03-08T16:00:00Z', 'America/New_York', '2026-03-08T05:00:00.000Z'],
    ['put back at 2', '2026-11-01T17:00:00Z', 'America/New_York', '2026-11-01T04:00:00.000Z'],
    ['put forward at midnight', '2026-04-24T10:00:00Z', 'Africa/Cairo', '2026-04-23T22:00:00.000Z'],
  ])('%s', (_what, now, zone, start) => {
    expect(startOfDay(new Date(now), zone).toISOString()).toBe(start)
  })
})

import { describe, expect, it } from 'vitest'
import { dayText, fullTime, shortTime } from './time.ts'

// 21 November 2026, 16:30 in China
const now = Date.parse('2026-11-21T08:30:00Z')
const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString()

describe('time', () => {
  it('says 刚刚 within a minute, and for a server whose clock is a little ahead', () => {
    expect(shortTime(ago(0.5), now)).toBe('刚刚')
    expect(shortTime(ago(-2), now)).toBe('刚刚')
  })

  it('counts minutes for an hour, then gives the hour of the day', () => {
    expect(shortTime(ago(59), now)).toBe('59 分钟前')
    expect(shortTime(ago(61), now)).toBe('今天 15:29')
  })

  it('changes the day at midnight in China, not in UTC or on the device', () => {
    expect(shortTime('2026-11-20T16:00:00Z', now)).toBe('今天 00:00')
    expect(shortTime('2026-11-20T15:59:00Z', now)).toBe('昨天 23:59')
    expect(shortTime('2026-11-19T15:59:00Z', now)).toBe('11月19日 23:59')
  })

  it('names the year only where it is another one', () => {
    expect(dayText('2026-03-05T06:05:00Z', now)).toBe('3月5日')
    expect(shortTime('2025-12-31T15:00:00Z', now)).toBe('2025年12月31日')
    expect(fullTime('2025-12-31T16:05:00Z')).toBe('2026年1月1日 00:05')
  })
})

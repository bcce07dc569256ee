import { describe, expect, it } from 'vitest'
import { daysFact, momentFact, timeFacts } from './facts.ts'

const everyDay = { from: 9 * 60, to: 18 * 60, days: [1, 2, 3, 4, 5, 6, 7] }
const at = (iso: string, zone = 'Asia/Shanghai', office = everyDay) => timeFacts(new Date(iso), zone, office)

describe('the time of day of a corp', () => {
  it('turns to the next date and weekday at its own midnight', () => {
    expect(at('2026-03-01T15:59:59.999Z')).toMatchObject({ date: '2026-03-01', weekday: 7, hour: 23 })
    expect(at('2026-03-01T16:00:00Z')).toMatchObject({ date: '2026-03-02', weekday: 1, hour: 0 })
  })

  it('turns to the next year there first', () => {
    expect(at('2025-12-31T16:00:00Z').date).toBe('2026-01-01')
    expect(at('2025-12-31T16:00:00Z', 'America/New_York').date).toBe('2025-12-31')
  })

  it('counts every weekday from Monday, 1, to Sunday, 7', () => {
    const days = [2, 3, 4, 5, 6, 7, 8].map(day => at(`2026-03-0${day}T04:00:00Z`).weekday)
    expect(days).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('is within office hours from the first minute to before the last', () => {
    const inOffice = (time: string) => at(`2026-03-02T${time}+08:00`).inOffice
    expect(['08:59:59', '09:00:00', '17:59:59', '18:00:00'].map(inOffice)).toEqual([false, true, true, false])
  })

  it('is outside office hours on a day off, also where it is a workday elsewhere', () => {
    const workdays = { ...everyDay, from: 0, to: 24 * 60, days: [1, 2, 3, 4, 5] }
    // Still Sunday in New York, already Monday in Shanghai.
    expect(at('2026-03-01T20:00:00Z', 'Asia/Shanghai', workdays).inOffice).toBe(true)
    expect(at('2026-03-01T20:00:00Z', 'America/New_York', workdays).inOffice).toBe(false)
  })

  it('follows the clocks that are put forward and back', () => {
    const hour = (iso: string) => at(iso, 'America/New_York').hour
    expect([hour('2026-03-08T06:59:59Z'), hour('2026-03-08T07:00:00Z')]).toEqual([1, 3])
    expect([hour('2026-11-01T05:30:00Z'), hour('2026-11-01T06:30:00Z')]).toEqual([1, 1])
  })

  it('knows zones that are a quarter of an hour off', () => {
    const office = { ...everyDay, from: 5 * 60 + 45 }
    expect(at('2026-03-02T00:00:00Z', 'Asia/Kathmandu', office)).toMatchObject({ hour: 5, inOffice: true })
    expect(at('2026-03-01T23:59:59Z', 'Asia/Kathmandu', office).inOffice).toBe(false)
  })
})

describe('a moment as a fact', () => {
  const zone = 'Asia/Shanghai'

  it('is a text on the corp\u2019s clock that compares, and empty where there is none', () => {
    expect(momentFact(new Date('2026-02-28T16:05:59Z'), zone)).toBe('2026-03-01 00:05')
    expect(momentFact(undefined, zone)).toBe('')
    expect(timeFacts(new Date('2026-02-28T16:05:59Z'), zone, everyDay)).toMatchObject({
      ...{ time: '00:05', minute: 5, year: 2026, month: 3, day: 1, weekend: true },
    })
  })

  it.each([
    ['2026-02-28T15:59:59Z', '2026-02-28T16:00:00Z', 1],
    ['2026-02-28T16:00:00Z', '2026-03-01T15:59:59Z', 0],
    ['2026-02-22T12:00:00Z', '2026-03-01T00:00:00Z', 7],
    ['2026-03-02T00:00:00Z', '2026-03-01T00:00:00Z', -1],
  ])('from %s to %s lie %s midnights', (from, to, days) => {
    expect(daysFact(new Date(from), new Date(to), zone)).toBe(days)
  })

  it('counts the days of a week in which the clocks are put forward', () => {
    const [from, to] = [new Date('2026-03-07T17:00:00Z'), new Date('2026-03-09T16:00:00Z')]
    expect(daysFact(from, to, 'America/New_York')).toBe(2)
    expect(daysFact(undefined, to, zone)).toBeNull()
  })
})

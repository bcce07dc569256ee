import { describe, expect, it } from 'vitest'
import { dueMoment, isMoment } from './due-moment.ts'

const now = new Date('2026-11-20T02:30:30Z')
const iso = (at: Date | undefined) => at?.toISOString().replace('.000Z', 'Z')

describe('the moment that is meant', () => {
  it.each([
    ['a while from now', { after: '90m' }, '2026-11-20T04:00:30Z'],
    ['days from now', { after: '3d' }, '2026-11-23T02:30:30Z'],
    ['the next such time today', { at: '18:00' }, '2026-11-20T10:00:00Z'],
    ['the next such time tomorrow', { at: '10:30' }, '2026-11-21T02:30:00Z'],
    ['that time in some days', { after: '3d', at: '18:00' }, '2026-11-23T10:00:00Z'],
    [
      'that time of the day, also where it is earlier than now',
      { after: '3d', at: '09:00' },
      '2026-11-23T01:00:00Z',
    ],
    ['a date in the corp’s time zone', { at: '2026-12-01 09:00' }, '2026-12-01T01:00:00Z'],
    ['one with seconds', { at: '2026-12-01T09:00:05' }, '2026-12-01T01:00:05Z'],
    ['one with an offset', { at: '2026-12-01T09:00:00+01:00' }, '2026-12-01T08:00:00Z'],
    ['one in UTC', { at: '2026-12-01T09:00Z' }, '2026-12-01T09:00:00Z'],
  ])('is %s', (_what, when, expected) => {
    expect(iso(dueMoment(when, now, 'Asia/Shanghai'))).toBe(expected)
  })

  it.each([
    ['left out in spring, when the clocks have gone on', '2026-03-08 02:30', '2026-03-08T07:30:00Z'],
    ['just before that', '2026-03-08 01:59', '2026-03-08T06:59:00Z'],
    ['just after that', '2026-03-08 03:00', '2026-03-08T07:00:00Z'],
    ['there twice in autumn, the first time', '2026-11-01 01:30', '2026-11-01T05:30:00Z'],
    ['after that night', '2026-11-01 02:30', '2026-11-01T07:30:00Z'],
    ['in winter', '2026-12-01 09:00', '2026-12-01T14:00:00Z'],
  ])('is, of a time that is %s, in New York', (_what, at, expected) => {
    expect(iso(dueMoment({ at }, now, 'America/New_York'))).toBe(expected)
  })

  it.each(['9:00', '24:00', '2026-13-01 09:00', '2026-02-30 09:00', '2026-12-01', '明天', ''])(
    'cannot be read from “%s”',
    at => {
      expect(isMoment(at)).toBe(false)
      expect(dueMoment({ at }, now, 'Asia/Shanghai')).toBeUndefined()
    },
  )
})

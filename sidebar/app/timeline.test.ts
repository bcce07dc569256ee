import { describe, expect, it } from 'vitest'
import type { TimelinePage, TimelineRow } from '../api.ts'
import { withNewest, withOlder } from './timeline.ts'

const row = (minute: number): TimelineRow => ({
  id: `r${minute}`,
  at: new Date(minute * 60_000).toISOString(),
  kind: 'noted',
  by: '李娜',
  text: `第${minute}行`,
})
const page = (from: number, to: number, timelineNext: string | null): TimelinePage => ({
  timeline: Array.from({ length: from - to + 1 }, (_, index) => row(from - index)),
  timelineNext,
})
const minutes = (shown: TimelinePage) => shown.timeline.map(({ id }) => Number(id.slice(1)))

describe('the timeline', () => {
  it('keeps the row that a newer one has pushed out of the newest page', () => {
    const read = withOlder(page(6, 4, '4'), page(3, 1, null))
    const after = withNewest(read, page(7, 5, '5'))
    expect(minutes(after)).toEqual([7, 6, 5, 4, 3, 2, 1])
    expect(after.timelineNext).toBeNull()
  })

  it('goes on from the oldest row that it has', () => {
    expect(withNewest(page(6, 4, '4'), page(7, 5, '5')).timelineNext).toBe('4')
  })

  it('starts anew when rows between the known and the newest were never read', () => {
    expect(withNewest(page(3, 1, null), page(9, 7, '7'))).toEqual(page(9, 7, '7'))
  })

  it('shows a row as it was read last, at its time', () => {
    const changed = { ...row(2), text: '改过了' }
    const after = withNewest(page(3, 1, null), { timeline: [row(3), changed], timelineNext: '2' })
    expect(after.timeline).toEqual([row(3), changed, row(1)])
  })
})

import type { TimelinePage, TimelineRow } from '../api.ts'

/** Puts the newest page before what is `known`, as long as nothing can be missing in between. */
export function withNewest(known: TimelinePage | null, newest: TimelinePage): TimelinePage {
  const ids = new Set(newest.timeline.map(row => row.id))
  if (!known?.timeline.some(row => ids.has(row.id))) return newest
  return { timeline: merged(newest.timeline, known.timeline), timelineNext: known.timelineNext }
}

export function withOlder(known: TimelinePage, older: TimelinePage): TimelinePage {
  return { timeline: merged(known.timeline, older.timeline), timelineNext: older.timelineNext }
}

/** Newest first, each once, as the first of the two has it. */
function merged(rows: readonly TimelineRow[], others: readonly TimelineRow[]): TimelineRow[] {
  const ids = new Set(rows.map(row => row.id))
  const all = [...rows, ...others.filter(row => !ids.has(row.id))]
  return all.sort((one, other) => Date.parse(other.at) - Date.parse(one.at))
}

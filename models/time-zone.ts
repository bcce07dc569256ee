/** What people see as time where nothing good is said. */
export const usualTimeZone = 'Asia/Shanghai'

const known = new Map<string, boolean>()

/** Whether this is an IANA name that this machine has a clock for. An offset such as `+08:00` is none. */
export function isTimeZone(name: unknown): name is string {
  if (typeof name !== 'string') return false
  const before = known.get(name)
  if (before !== undefined) return before
  let is = /^[a-z]/i.test(name)
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
  } catch {
    is = false
  }
  known.set(name, is)
  return is
}

/** A stored time zone, or the usual one where somebody wrote nonsense into the database. */
export function soundTimeZone(stored: unknown): string {
  return isTimeZone(stored) ? stored : usualTimeZone
}

import { UsageError } from './verb.ts'

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A length of time like `90s`, `30m`, `2h` or `3d`, in milliseconds; undefined for anything else. */
export function readLength(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  return count === undefined ? undefined : Number(count) * units[unit as keyof typeof units]
}

/**
 * A moment: ISO 8601, or how long ago it is, like `2h`.
 *
 * @param option for the message
 * @throws UsageError
 */
export function readMoment(option: string, text: string, now = Date.now()): Date {
  const length = readLength(text)
  if (length !== undefined) return new Date(now - length)
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : new Date(Number.NaN)
  if (Number.isNaN(at.getTime()))
    throw new UsageError(`${option} "${text}" is no moment; examples: 2h, 3d, 2026-03-01T09:00:00+08:00`)
  return at
}

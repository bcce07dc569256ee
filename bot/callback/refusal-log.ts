import type { Logger } from 'pino'
import type { CallbackRefused, RefusalReason } from './refusal.ts'

/** Enough to see who it is and why; strangers must not be able to fill a disk. */
const linesMax = 10
const windowMs = 1_000

/**
 * Writes a line for each refusal, at most 10 a second for one reason, and then how many were left out. It names no secret:
 * what was sent is not repeated.
 */
export function createRefusalLog(log: Logger): (refused: CallbackRefused, from: object) => void {
  const windows = new Map<RefusalReason, { lines: number }>()

  function close(code: RefusalReason): void {
    const leftOut = (windows.get(code)?.lines ?? 0) - linesMax
    windows.delete(code)
    if (leftOut > 0) log.warn({ code, leftOut }, 'callback refusals left out of the log')
  }

  return (refused, from) => {
    const { code, status, cause } = refused
    const window = windows.get(code) ?? { lines: 0 }
    if (window.lines === 0) {
      windows.set(code, window)
      setTimeout(() => close(code), windowMs).unref()
    }
    window.lines += 1
    if (window.lines > linesMax) return
    const why = status === 503 ? { err: cause } : cause instanceof Error ? { why: cause.message } : {}
    log.warn({ code, status, ...from, ...why }, 'callback refused')
  }
}

import { untilAborted } from '../wecom/signals.ts'

/** The time of an attempt at a run was over before the step had ended. */
export class StepTimedOut extends Error {
  readonly code = 'timed_out'
  constructor(ms: number) {
    super(`the run took longer than ${ms} ms`)
    this.name = 'StepTimedOut'
  }
}

/** The time that one attempt at all steps of a handler has. */
export interface RunTime {
  /** Aborted with StepTimedOut when it is over. */
  signal: AbortSignal
  /** The work's outcome, or StepTimedOut when that comes first; work that goes on regardless is left behind. */
  limit<T>(work: Promise<T>): Promise<T>
  /** To be called when the attempt has ended. */
  end(): void
}

/** @param ms from now */
export function startRunTime(ms: number): RunTime {
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(new StepTimedOut(ms)), ms)
  // A process that has ended all its work does not stay for a step that hangs.
  timer.unref()
  return {
    signal: over.signal,
    limit: work => untilAborted(work, over.signal),
    end: () => clearTimeout(timer),
  }
}

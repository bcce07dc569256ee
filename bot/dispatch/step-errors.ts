import { ZodError } from 'zod'
import { isDatabaseAway } from '../../models/database-away.ts'
import type { RunStep } from '../../models/run.ts'
import { ActionRefused, AwaitsConfirmation } from '../actions/define.ts'
import type { CompiledStep } from '../handlers/compile.ts'
import { mayHaveArrived } from '../wecom/arrival.ts'
import { WecomError, WecomNetworkError } from '../wecom/errors.ts'
import { StepTimedOut } from './run-time.ts'
import type { WireWatch } from './wire-watch.ts'

/** Attempts of a step whose document does not say. */
const attemptsByDefault = 3

/** What an error means for the step: over, waiting for a confirmation, or worth another attempt. */
export function judge(
  error: unknown,
  step: CompiledStep,
  record: RunStep,
  { idempotent, wire }: { idempotent: boolean; wire: WireWatch },
): void {
  record.error = errorOf(error)
  if (error instanceof AwaitsConfirmation) record.state = 'waiting'
  else if (isFinal(error)) record.state = 'failed'
  else if (waitedForItsTurn(error, wire) || (idempotent && isDatabaseAway(error))) {
    // Neither the platform's limit nor an outage of our own is a reason to lose anything: this was no attempt at it.
    record.state = 'pending'
    record.attempts -= 1
  } else if (!idempotent && (error instanceof StepTimedOut || mayHaveArrived(error))) {
    // Whether somebody was told is unknown, and nobody shall be told twice.
    record.state = 'failed'
    record.uncertain = true
  } else record.state = record.attempts < attemptsOf(step) ? 'pending' : 'failed'
}

/** Another attempt would end the same. */
export function isFinal(error: unknown): boolean {
  if (error instanceof ActionRefused || error instanceof ZodError) return true
  return error instanceof WecomError && ['config', 'give_up', 'user', 'done'].includes(error.reaction)
}

/** An error as a run keeps it: of parameters that do not fit once they are filled in, each with its path, in one line. */
export function errorOf(error: unknown): NonNullable<RunStep['error']> {
  if (error instanceof ZodError) {
    const faults = error.issues.map(({ path, message }) => `${path.join('.') || 'with'} ${message}`)
    return { code: 'params_unfit', message: faults.join('; ') }
  }
  const { code = 'unexpected', message = String(error) } = Object(error) as {
    code?: unknown
    message?: string
  }
  return { code: error instanceof WecomError ? `wecom_${error.errcode}` : String(code), message }
}

function attemptsOf(step: CompiledStep): number {
  return step.retry === undefined ? attemptsByDefault : step.retry.max + 1
}

/** A message's turn did not come, before the time of its call or of the run was over: nothing of it was sent. */
function waitedForItsTurn(error: unknown, wire: WireWatch): boolean {
  const tooLate =
    error instanceof StepTimedOut || (error instanceof WecomNetworkError && error.failure === 'queue')
  return tooLate && wire.wasNeverSent()
}

import { WecomError, WecomNetworkError } from './errors.ts'
import { METHODS, type MethodSpec } from './methods.ts'

/**
 * Whether a failed call of `path` has sent nothing: its turn or a connection did not come, or what it needed before, such
 * as a token, was not to be had.
 */
export function wasNeverSent(error: unknown, path: string): boolean {
  if (!(error instanceof WecomError || error instanceof WecomNetworkError)) return false
  if (error.path !== path) return true
  return error instanceof WecomNetworkError && (error.failure === 'queue' || error.failure === 'connect')
}

/** Whether a call that does a second thing when it is made a second time may have done the first, although it failed. */
export function mayHaveArrived(error: unknown): boolean {
  if (!(error instanceof WecomNetworkError) || wasNeverSent(error, error.path)) return false
  return (METHODS as Record<string, MethodSpec>)[error.path]?.once === true
}

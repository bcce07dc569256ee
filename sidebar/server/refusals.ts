import { ActionRefused, AwaitsConfirmation } from '../../bot/actions/define.ts'
import { MissingFileError } from '../../bot/actions/media.ts'
import { WecomClosedError, WecomError, WecomNetworkError } from '../../bot/wecom/errors.ts'
import { MediaRefusedError } from '../../bot/wecom/media.ts'
import type { ErrorCode } from '../api.ts'
import { texts } from './texts.ts'

/** A request is answered with an error; the message is for the person who sees the page, in Chinese. */
export class Refused extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string = texts.refused[code], options?: ErrorOptions) {
    super(message, options)
    this.name = 'Refused'
    this.code = code
  }
}

const passing = new Set(['retry', 'backoff', 'token'])

/** The platform could not be asked just now: it gave no answer, or a fault that passes. */
export function isPassing(error: unknown): error is WecomError | WecomNetworkError {
  return error instanceof WecomNetworkError || (error instanceof WecomError && passing.has(error.reaction))
}

/** What the person is told of anything that was thrown; what nobody foresaw becomes `failed` and tells nothing. */
export function toRefused(error: unknown): Refused {
  if (error instanceof Refused) return error
  const because = (code: ErrorCode, message?: string): Refused => new Refused(code, message, { cause: error })
  if (error instanceof ActionRefused) return because('platform_refused', error.answer)
  if (error instanceof AwaitsConfirmation) return because('platform_refused', texts.unconfirmed)
  if (error instanceof MissingFileError) return because('not_found', texts.materialGone)
  if (error instanceof MediaRefusedError) return because('platform_refused', texts.mediaRefused)
  if (isPassing(error) || error instanceof WecomClosedError) return because('platform_unavailable')
  if (error instanceof WecomError) return because('platform_refused', texts.platformRefused(error.hint))
  // Koa's own, for an address that cannot be decoded.
  if (error instanceof Error && 'status' in error && error.status === 400) return because('bad_request')
  return because('failed')
}

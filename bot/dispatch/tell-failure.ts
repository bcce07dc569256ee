import { ZodError } from 'zod'
import { ActionRefused } from '../actions/define.ts'
import { texts } from '../actions/texts.ts'
import { unfitArgument } from '../commands/help.ts'
import type { CommandTrigger } from '../handlers/schema.ts'
import { WecomClosedError, WecomError } from '../wecom/errors.ts'
import type { DispatchDeps } from './deps.ts'
import type { RunRequest } from './run-handler.ts'

/** Somebody who typed a command hears why it failed, never silence. */
export async function tellFailure(
  { log }: Pick<DispatchDeps, 'log'>,
  { event, handler, context }: RunRequest,
  error: unknown,
): Promise<void> {
  const { trigger } = handler
  if (!('command' in trigger)) return
  try {
    await context.reply(answerTo(trigger, error))
  } catch (unsaid) {
    if (unsaid instanceof WecomClosedError) throw unsaid
    // The step has ended, and its run says how: what cannot be said of it changes nothing of that.
    const about = { event: event.id, handler: handler.key, err: unsaid }
    log.warn(about, 'whoever typed a command could not be told why it failed')
  }
}

function answerTo(command: CommandTrigger, error: unknown): string {
  if (error instanceof ActionRefused) return error.answer
  if (error instanceof ZodError) return unfitArgument(command, error)
  return error instanceof WecomError ? texts.platformRefused(error.hint) : texts.failed
}

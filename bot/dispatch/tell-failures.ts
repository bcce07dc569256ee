import { ZodError } from 'zod'
import type { RunStep } from '../../models/run.ts'
import { ActionRefused } from '../actions/define.ts'
import { texts } from '../actions/texts.ts'
import { unfitArgument } from '../commands/help.ts'
import type { CommandTrigger } from '../handlers/schema.ts'
import { WecomClosedError, WecomError } from '../wecom/errors.ts'
import type { DispatchDeps } from './deps.ts'
import type { RunRequest } from './run-handler.ts'

/** What somebody who typed a command hears of a step that failed. */
export function failureAnswer(command: CommandTrigger, error: unknown): string {
  if (error instanceof ActionRefused) return error.answer
  if (error instanceof ZodError) return unfitArgument(command, error)
  return error instanceof WecomError ? texts.platformRefused(error.hint) : texts.failed
}

/** Takes what is still to be said of failed steps off their records, each answer once. */
export function takeUntold(steps: readonly RunStep[]): string[] {
  const untold = new Set(steps.flatMap(step => step.untold ?? []))
  for (const step of steps) delete step.untold
  return [...untold]
}

/**
 * Somebody who typed a command hears in one message what went wrong, never silence.
 *
 * @param partly the command has done something besides
 */
export async function tellFailures(
  { log }: Pick<DispatchDeps, 'log'>,
  { event, handler, context }: RunRequest,
  { untold, partly }: { untold: readonly string[]; partly: boolean },
): Promise<void> {
  if (untold.length === 0) return
  const answers = untold.join('\n')
  try {
    await context.reply(partly ? texts.partlyFailed(answers) : answers)
  } catch (unsaid) {
    if (unsaid instanceof WecomClosedError) throw unsaid
    // The run has ended, and says how: what cannot be said of it changes nothing of that.
    const about = { event: event.id, handler: handler.key, err: unsaid }
    log.warn(about, 'whoever typed a command could not be told why it failed')
  }
}

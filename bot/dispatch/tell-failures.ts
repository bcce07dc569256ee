import { ZodError } from 'zod'
import type { RunStep } from '../../models/run.ts'
import { ActionRefused } from '../actions/define.ts'
import { textBytes } from '../actions/message-body.ts'
import { texts } from '../actions/texts.ts'
import { unfitArgument } from '../commands/help.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { WecomClosedError, WecomError } from '../wecom/errors.ts'
import { cutBytes } from '../wecom/xml.ts'
import type { DispatchDeps } from './deps.ts'
import type { RunRequest } from './run-handler.ts'

/** Who hears what went wrong, besides the log: whoever typed the command, or asked by one that the handler runs. */
export function hearerOf({ event, handler }: Pick<RunRequest, 'event' | 'handler'>): string | undefined {
  return 'command' in handler.trigger ? event.userid : event.start?.askedBy
}

/** What they hear of a step that failed. */
export function failureAnswer(trigger: CompiledHandler['trigger'], error: unknown): string {
  if (error instanceof ActionRefused) return error.answer
  if (error instanceof ZodError) return 'command' in trigger ? unfitArgument(trigger, error) : texts.unfit
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
 * @param partly something has been done besides
 */
export async function tellFailures(
  { log }: Pick<DispatchDeps, 'log'>,
  request: RunRequest,
  { untold, partly }: { untold: readonly string[]; partly: boolean },
): Promise<void> {
  const { event, handler, context } = request
  const hearer = hearerOf(request)
  if (untold.length === 0 || hearer === undefined) return
  const answers = untold.join('\n')
  try {
    if (event.start === undefined) await context.reply(partly ? texts.partlyFailed(answers) : answers)
    else await tell(request, hearer, texts.runFailed(handler.title, answers, partly))
  } catch (unsaid) {
    if (unsaid instanceof WecomClosedError) throw unsaid
    // The run has ended, and says how: what cannot be said of it changes nothing of that.
    const about = { event: event.id, handler: handler.key, err: unsaid }
    log.warn(about, 'whoever typed a command could not be told why it failed')
  }
}

/** The answer to the command that started a run is out by the time that the run ends. */
async function tell({ event, context: { client } }: RunRequest, userid: string, text: string): Promise<void> {
  const content = cutBytes(text, textBytes)
  const body = { msgtype: 'text', text: { content } } as const
  const message = { touser: userid, agentid: Number(client.agentId), ...body }
  await client.call('message/send', message, { cause: event.id })
}

import type { Action, ReplyContent } from '../actions/define.ts'
import { ActionRefused, AwaitsConfirmation } from '../actions/define.ts'
import { fillParams } from '../handlers/fill-params.ts'
import type { AppClient } from '../wecom/client.ts'
import { WecomClosedError } from '../wecom/errors.ts'
import { METHODS, type MethodSpec } from '../wecom/methods.ts'
import { refuseCut } from './cut-outputs.ts'
import type { Work } from './run-handler.ts'
import { type Attempt, isWanted, stepContext } from './run-step.ts'
import { errorOf } from './step-errors.ts'
import { watchWire } from './wire-watch.ts'

/**
 * A step of a dry run: an action that only reads is run; of another one it is kept what it would do, by its `preview`,
 * else the parameters that it would be given. What reading says to somebody is kept too, and said to nobody.
 *
 * @throws WecomClosedError when this process ends
 */
export async function rehearseStep(work: Work, attempt: Attempt): Promise<void> {
  const { facts, step, record } = attempt
  const action = work.deps.actions.get(step.action) as Action
  const said: ReplyContent[] = []
  const from = performance.now()
  try {
    refuseCut(step, work.run.steps)
    if (!isWanted(attempt)) return
    record.attempts += 1
    record.startedAt = new Date(work.deps.clock.now())
    const all = stepContext(work, attempt, watchWire(work.time.signal))
    const context = {
      ...all,
      client: readOnly(all.client),
      reply: async (content: ReplyContent) => void said.push(content),
    }
    const params = fillParams(action, step.with, facts)
    if (action.effect === 'read') {
      record.output = (await work.time.limit(action.run(context, params))) ?? {}
      record.state = 'done'
      if (said.length > 0) record.would = { reply: said }
      return
    }
    const would = await work.time.limit(preview(action, context, params))
    Object.assign(record, {
      state: 'skipped',
      skipped: 'dry_run',
      would,
      output: action.preview ? would : {},
    })
  } catch (error) {
    if (error instanceof WecomClosedError) throw error
    record.error = errorOf(error)
    if (error instanceof AwaitsConfirmation) {
      record.state = 'skipped'
      record.skipped = 'dry_run'
    } else record.state = 'failed'
  } finally {
    record.ms = Math.round(performance.now() - from)
  }
}

async function preview(
  action: Action,
  context: Parameters<Action['run']>[0],
  params: unknown,
): Promise<unknown> {
  return action.preview === undefined ? action.params.parse(params) : action.preview(context, params)
}

/** The platform names whatever only reads so. */
const reading = /(^|\/)(get|list)(_|$)/

/** A client whose calls change nothing, and none of which brings anything to anybody. */
function readOnly(client: AppClient): AppClient {
  const refuse = (path: string): ActionRefused =>
    new ActionRefused('dry_run', `试运行时不改动任何东西（${path}）`)
  return {
    ...client,
    async call(path, params, options) {
      const { verb }: MethodSpec = METHODS[path]
      if (verb === 'POST' && !reading.test(path)) throw refuse(path)
      return client.call(path, params, options)
    },
    async upload() {
      throw refuse('media/upload')
    },
  }
}

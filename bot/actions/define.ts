import type { z } from 'zod'
import type { Clock } from '../../models/clock.ts'
import type { Models } from '../../models/models.ts'
import type { Asker } from '../../models/scope.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import type { Facts } from '../handlers/facts.ts'
import type { Metrics } from '../metrics.ts'
import type { AppClient } from '../wecom/client.ts'

/** What an action does to the world; decides confirmation, dry run and caps. */
export type Effect = 'read' | 'write' | 'contacts-customer' | 'external'

/** How much of an answer is out, over all attempts at it. */
export interface ReplyProgress {
  parts: number
  /** Stores that so many parts are out. */
  save(parts: number): Promise<void>
}

/** Everything that an action may use. */
export interface ActionContext {
  corp: { corpId: string; name: string; timeZone: string; agentId: string }
  event: BotEvent
  facts: Facts
  /** Who asks, for the data scope: the staff member of the event. */
  asker: Asker
  /** The handler that runs this step. */
  handler: string
  /** `event/handler/step`: the same for every attempt, different for everything else. */
  key: string
  now: Date
  /** The database's time, for what is compared with times that other instances or the platform give. */
  clock: Pick<Clock, 'now'>
  /** When rows that are kept for a time run out. */
  expireAt: Date
  models: Models
  client: AppClient
  /** The inbox key of the event that began the relation, where this event announces it. */
  relation?: string
  metrics: Pick<Metrics, 'welcomes' | 'welcomed'>
  /**
   * Answers whoever wrote: in the HTTP response while that is open, else as an app message. A long text goes out in
   * parts; with `progress`, a later attempt goes on after those that are out.
   */
  reply(text: string, progress?: ReplyProgress): Promise<void>
  /** Commands that the asker may use. */
  commands(): CompiledHandler[]
}

/** An action as the table holds it. */
export interface Action {
  /** `noun.verb`; never reused for another meaning. */
  id: string
  title: string
  params: z.ZodType
  effect: Effect
  /** May be run again when it is unknown whether it succeeded. */
  idempotent: boolean
  run(context: ActionContext, params: unknown): Promise<unknown>
}

export type ActionTable = ReadonlyMap<string, Action>

/** Makes an action; its parameters are checked by the schema before each run. */
export function defineAction<P extends z.ZodType, O>(
  definition: Omit<Action, 'params' | 'run'> & {
    params: P
    run(context: ActionContext, params: z.output<P>): Promise<O>
  },
): Action {
  return {
    ...definition,
    run: (context, params) => definition.run(context, definition.params.parse(params) as z.output<P>),
  }
}

/**
 * The action cannot do what was asked, and will not be able to a moment later either.
 * `answer` is for the person who asked, in Chinese, and says what to do next.
 */
export class ActionRefused extends Error {
  readonly code: string
  readonly answer: string
  constructor(code: string, answer: string, options?: ErrorOptions) {
    super(`${code}: ${answer}`, options)
    this.name = 'ActionRefused'
    this.code = code
    this.answer = answer
  }
}

/** The step can only succeed once the staff member has confirmed the customer's request; it goes on then. */
export class AwaitsConfirmation extends Error {
  readonly code = 'awaits_confirmation'
  constructor(options?: ErrorOptions) {
    super('the customer\u2019s request is not confirmed yet', options)
    this.name = 'AwaitsConfirmation'
  }
}

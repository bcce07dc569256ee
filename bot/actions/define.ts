import type { z } from 'zod'
import type { Clock } from '../../models/clock.ts'
import type { Cause, HandlerStart, Passed } from '../../models/inbox-event.ts'
import type { MaterialKind } from '../../models/material.ts'
import type { Models } from '../../models/models.ts'
import type { Asker } from '../../models/scope.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import type { Facts } from '../handlers/facts.ts'
import type { HandlerSet } from '../handlers/handler-set.ts'
import { isTemplate } from '../handlers/references.ts'
import type { Metrics } from '../metrics.ts'
import type { AppClient } from '../wecom/client.ts'
import type { Robot } from '../wecom/robot.ts'
import type { WireMessageBody } from '../wecom/wire/message.ts'

/** What an action does to the world; decides confirmation, dry run and caps. */
export type Effect = 'read' | 'write' | 'contacts-customer' | 'external'

/** How much of an answer is out, over all attempts at it. */
export interface ReplyProgress {
  parts: number
  /** Stores that so many parts are out. */
  save(parts: number): Promise<void>
}

/** What whoever wrote is answered with; a text alone is a text message. */
export type ReplyContent = string | Exclude<WireMessageBody, { msgtype: 'text' }>

/** Something stored that a document names, by where in `with` it stands. Publishing looks whether it is there. */
export interface Named {
  kind: 'tag' | 'material' | 'robot' | 'manual_handler' | 'staff' | 'department' | 'contact_tag'
  name: string
  /** As `materials.0`. */
  path: string
  /** Words with a meaning of their own that may stand there instead of a name, which `name` may be one of. */
  words?: readonly string[]
  /** Of a material: what it may be there. */
  kinds?: readonly MaterialKind[]
}

/** Everything that an action may use. */
export interface ActionContext {
  corp: { corpId: string; name: string; timeZone: string; agentId: string }
  event: BotEvent
  facts: Facts
  /** Who asks, for the data scope: the staff member of the event. */
  asker: Asker
  /** Userids of the installation's admins, where this is their corp; else empty. */
  admins: readonly string[]
  /** The handler that runs this step, and its revision. */
  handler: string
  revision: number
  /** How it came to this run, the first cause first; empty for what the platform told of. */
  cause: readonly Cause[]
  /** Where in the parameters facts were filled in, as `to.users.0`. */
  filledIn: readonly string[]
  /** Aborted when the run's time is over; platform calls take it. */
  signal: AbortSignal
  /** `event/handler/step`: the same for every attempt, different for everything else. */
  key: string
  now: Date
  /** The database's time, for what is compared with times that other instances or the platform give. */
  clock: Pick<Clock, 'now'>
  /** When rows that are kept for a time run out. */
  expireAt: Date
  /** How long records are kept, in milliseconds from their own moment on. */
  retentionMs: number
  models: Models
  /** What a step may name. */
  actions: ActionTable
  client: AppClient
  /** The inbox key of the event that began the relation, where this event announces it. */
  relation?: string
  /** The step is done before its event's turn, see `welcomeAtOnce`: most likely nobody has tried it before. */
  isAhead?: true
  metrics: Pick<Metrics, 'welcomes' | 'welcomed'>
  /**
   * Answers whoever wrote: text and news in the HTTP response while that is open, else as an app message. A long text
   * goes out in parts; with `progress`, a later attempt goes on after those that are out.
   */
  reply(content: ReplyContent, progress?: ReplyProgress): Promise<void>
  /** The corp's robot of this name; undefined where there is none. */
  robot(name: string): Promise<Robot | undefined>
  /** Commands that the asker may use. */
  commands(): CompiledHandler[]
  /** The corp's handlers as they run, see `LiveHandlers`. */
  live(): Promise<HandlerSet>
  /** What would keep a start from running if it were made now; undefined where nothing is known to. */
  outlook(start: HandlerStart): Promise<Pick<Passed, 'stage' | 'why'> | undefined>
}

/** An action as the table holds it. */
export interface Action {
  /** `noun.verb`; never reused for another meaning. */
  id: string
  title: string
  /** What it does, for the reference; English, one or two sentences. Parameters are described in their schema. */
  summary: string
  params: z.ZodType
  /** What later steps may refer to as `steps.<id>.output`. */
  output: z.ZodType
  effect: Effect
  /**
   * What the trigger must bring; publishing refuses it on others. `staff`: somebody whose event it is, which a schedule is
   * not. `customer`: a customer, unless `with` names one as `customer`. `code`: a welcome code.
   */
  needs?: readonly ('staff' | 'customer' | 'code')[]
  /** Parameters that are left empty where they cannot be filled in, instead of failing the step. */
  emptied?: readonly string[]
  /**
   * Words of wide reach, such as `@all`, by the list in which they mean it, as `to.users`. Only the document itself may say
   * them there: no text that somebody typed, and no name, reaches the whole corp or its admins.
   */
  wide?: Readonly<Record<string, readonly string[]>>
  /** Texts in which `<@userid>` mentions somebody: what a fact brings is said there, and mentions nobody. */
  mentioning?: readonly string[]
  /** May be run again when it is unknown whether it succeeded. */
  idempotent: boolean
  run(context: ActionContext, params: unknown): Promise<unknown>
  /**
   * What `run` would do, for a dry run, without doing it: it only reads. Throws what `run` would throw where that can be
   * told. Without it a dry run shows the parameters. An action that only reads is run.
   */
  preview?(context: ActionContext, params: unknown): Promise<unknown>
  /** What the parameters name, as they stand in the document: what is a template names nothing yet. */
  names?(params: Record<string, unknown>): Named[]
}

export type ActionTable = ReadonlyMap<string, Action>

/** Has `params` check which of its fields are there although one of them is not as it should be. */
export const always = { when: () => true } as const

/**
 * Makes an action; its parameters are checked before each run, by `params`, or by `filled` where what templates bring is
 * taken otherwise than what a document says: a text that is too long is a fault in a document, and is cut in a run.
 * `names` need not look for templates.
 */
export function defineAction<P extends z.ZodType, O>(
  definition: Omit<Action, 'params' | 'run' | 'preview'> & {
    params: P
    filled?: z.ZodType<z.output<P>>
    run(context: ActionContext, params: z.output<P>): Promise<O>
    preview?(context: ActionContext, params: z.output<P>): Promise<unknown>
  },
): Action {
  const { preview, filled = definition.params, names, ...rest } = definition
  const parse = (params: unknown) => filled.parse(params) as z.output<P>
  return {
    ...rest,
    run: async (context, params) => definition.run(context, parse(params)),
    ...(preview && { preview: async (context, params) => preview(context, parse(params)) }),
    // What is filled in by a run names nothing yet.
    ...(names && { names: params => names(params).filter(({ name }) => !isTemplate(name)) }),
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

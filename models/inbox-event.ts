import { Schema } from 'mongoose'
import { durable } from './schema-options.ts'

/** What led to something: a step of a handler that worked on an event. */
export interface Cause {
  /** Inbox key. */
  event: string
  handler: string
  step: string
}

/**
 * Of an event that is Sidekick's own, and not the platform's: the run of a handler that was asked for, by its schedule,
 * by somebody, or by a step of a handler. Such an event has `sidekick` as its `app`.
 */
export interface HandlerStart {
  handler: string
  by: 'schedule' | 'manual' | 'step'
  /** Userid of whoever typed a command for it, and hears what fails. */
  askedBy?: string
  /** Whom it is about, where it is about somebody. */
  userid?: string
  externalUserid?: string
  args?: Record<string, unknown>
  /** They had a relation when it was asked for: nothing is done where that is over. */
  whileActive?: true
  /** The event that had begun that relation, where it is known: a newer one is not the same. */
  relation?: string
  /** How it came to this, the first cause first. */
  cause?: Cause[]
}

/**
 * Where a handler that an event may have been meant for was passed over: it is `off`, or `broken`; all are `paused`; its
 * `match`, its `scope` or its `when` does not fit; an earlier one stopped the event (`after`); it has run for this pair
 * a moment ago (`cooldown`), or too often (`loop`); it was made a `dry_run` after its run had begun.
 */
export const passedStages = [
  'off',
  'broken',
  'paused',
  'match',
  'scope',
  'when',
  'after',
  'cooldown',
  'loop',
  'dry_run',
] as const

/** A handler that was passed over, and why, in a form like `time.inOffice eq false (was true)`. */
export interface Passed {
  handler: string
  revision: number
  stage: (typeof passedStages)[number]
  why: string
}

export const passedSchema = new Schema<Passed>(
  {
    handler: { type: String, required: true },
    revision: { type: Number, required: true },
    stage: { type: String, required: true, enum: passedStages },
    why: { type: String, default: '' },
  },
  { _id: false },
)

/** An article of a passive answer: `title` at most 128 bytes, `description` 512 (`path/90241`). */
export interface PassiveArticle {
  title: string
  description?: string
  url: string
  picurl?: string
}

/** What an HTTP response carries to whoever wrote: a text, or 1 to 8 articles. */
export type PassiveAnswer = string | { articles: PassiveArticle[] }

/** One event or message from WeCom, kept from the moment it is acknowledged. */
export interface InboxEvent {
  /** `corpId:digest of all decrypted fields`: the idempotency key. */
  _id: string
  corpId: string
  /** The app that received it: agent id or `contact`. */
  app: string
  /** Our name of it, see bot/events/names.ts. */
  name: string
  /** Who it is about, as the message has them; for people who look for it. */
  userid?: string
  externalUserid?: string
  /** The decrypted message as it came. */
  xml: string
  lane: 'fast' | 'slow'
  /** Events with one order key run one after the other. */
  orderKey: string
  /** The platform's CreateTime. */
  createdAt: Date
  /** Arrival: milliseconds of the database's clock, a counter, the process that received it. Breaks ties of `createdAt`. */
  arrival: string
  state: 'waiting' | 'done' | 'dead'
  /** Attempts that came to an end. */
  attempts: number
  /** Attempts of others than the receiver since then that nobody has heard the end of. */
  begun?: number
  /** Not to be tried before, by the database's clock. */
  notBefore: Date
  /** How often it was to be handled from the start again: what its steps do then is new. */
  fresh?: number
  /** What answered a message in the HTTP response, so that a redelivery gets the same answer. */
  reply?: PassiveAnswer
  /** Since when it fails: it holds its key for a while from then. */
  failingSince?: Date
  error?: { code: string; message: string }
  /** Handlers that were passed over at the last attempt, at most 30; not those whose `match` does not fit, which can be told later. */
  passed?: Passed[]
  /** Handlers that its first attempt chose; only while it waits for another attempt, which goes by them. */
  chosen?: string[]
  start?: HandlerStart
  finishedAt?: Date
  expireAt: Date
}

export const inboxEventSchema = new Schema<InboxEvent>(
  {
    _id: { type: String, required: true },
    corpId: { type: String, required: true },
    app: { type: String, required: true },
    name: { type: String, required: true },
    userid: String,
    externalUserid: String,
    xml: { type: String, required: true },
    lane: { type: String, required: true, enum: ['fast', 'slow'] },
    orderKey: { type: String, required: true },
    createdAt: { type: Date, required: true },
    arrival: { type: String, required: true },
    state: { type: String, required: true, enum: ['waiting', 'done', 'dead'] },
    attempts: { type: Number, required: true },
    fresh: Number,
    begun: Number,
    notBefore: { type: Date, required: true },
    reply: Schema.Types.Mixed,
    failingSince: Date,
    error: { type: new Schema({ code: String, message: String }, { _id: false }) },
    passed: { type: [passedSchema], default: undefined },
    chosen: { type: [String], default: undefined },
    start: Schema.Types.Mixed,
    finishedAt: Date,
    expireAt: { type: Date, required: true },
  },
  { ...durable, collection: 'inbox_events' },
)
inboxEventSchema.index({ corpId: 1, orderKey: 1, state: 1, createdAt: 1, arrival: 1 })
// The sweep asks for what is left lying, over all corps.
inboxEventSchema.index({ state: 1, lane: 1, notBefore: 1 })
inboxEventSchema.index({ corpId: 1, createdAt: -1, arrival: -1 })
// Who looks for the few that were given up need not go through all the others.
inboxEventSchema.index(
  { state: 1, corpId: 1, createdAt: -1, arrival: -1 },
  { partialFilterExpression: { state: 'dead' } },
)
inboxEventSchema.index({ expireAt: 1 }, { expireAfterSeconds: 0 })

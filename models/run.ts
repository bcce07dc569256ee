import { Schema } from 'mongoose'
import type { ConditionResult } from '../bot/handlers/conditions.ts'
import type { Cause } from './inbox-event.ts'
import { durable } from './schema-options.ts'

/** What a handler's run was begun by. */
export const runTriggers = ['event', 'command', 'message', 'schedule', 'manual'] as const
/**
 * Why a step was left out: its `if` does not hold; an earlier step stopped the run (`stop`); the handler has run for this
 * pair a moment ago (`cooldown`); nothing is done in a `dry_run`.
 */
export const skipReasons = ['if', 'stop', 'cooldown', 'dry_run'] as const

export const stepStates = ['pending', 'running', 'done', 'skipped', 'failed', 'waiting'] as const

export interface RunStep {
  id: string
  action: string
  /**
   * `waiting`: cannot succeed before the customer's request is confirmed by the staff member, or depends on a step that
   * waits so; goes on then.
   */
  state: (typeof stepStates)[number]
  attempts: number
  startedAt?: Date
  ms?: number
  /** What later steps may refer to. */
  output?: unknown
  /** Fields of the output that are not kept as they were: numbers masked, texts cut. */
  cut?: string[]
  error?: { code: string; message: string }
  /** Of a failed step: what whoever typed the command shall hear of it; gone when the run is over, or waits. */
  untold?: string
  /**
   * It was in flight when its process died and was run once more, or the platform never answered: its effect may have
   * happened twice, or not at all.
   */
  uncertain?: boolean
  /** Of an answer that goes out in several parts: how many are out. */
  parts?: number
  skipped?: (typeof skipReasons)[number]
  /** The handler's revision that ended it, where the run went on with another one since. */
  revision?: number
  /** Why its `if` held or not. */
  if?: ConditionResult
  /** In a dry run: what it would have done. */
  would?: unknown
}

/** One handler's work on one event, with the outcome of each step. A retry goes on after the last step that succeeded. */
export interface Run {
  corpId: string
  /** Inbox key. */
  event: string
  eventName: string
  handler: string
  /** With which it began and is finished, whatever is published meanwhile; after a replay the one that was live then. */
  revision: number
  userid?: string
  externalUserid?: string
  /**
   * Staff member and customer, as `lina/wm…` in the form that is compared: only where it is asked how often, or when
   * last, the handler ran for these two. `group:wr…` and the like where the event is of nobody.
   */
  pair?: string
  trigger?: (typeof runTriggers)[number]
  /** Why its `when` held. */
  when?: ConditionResult
  /** Nothing was done: it says what would have been. */
  dryRun?: boolean
  /** How it came to this, the first cause first; missing for what the platform told of. */
  cause?: Cause[]
  state: 'running' | 'done' | 'failed' | 'waiting'
  steps: RunStep[]
  startedAt: Date
  finishedAt?: Date
  /** A step ended it whose attempts were used up, or of which nobody knows whether it was done: the event is dead. */
  gaveUp?: boolean
  /** Which attempt has stored it last: one that finds another's name here was taken for dead, and stores nothing more. */
  holder?: string
  expireAt: Date
}

export const runSchema = new Schema<Run>(
  {
    corpId: { type: String, required: true },
    event: { type: String, required: true },
    eventName: { type: String, required: true },
    handler: { type: String, required: true },
    revision: { type: Number, required: true },
    userid: String,
    externalUserid: String,
    pair: String,
    trigger: { type: String, enum: runTriggers },
    when: Schema.Types.Mixed,
    dryRun: Boolean,
    cause: { type: [{ _id: false, event: String, handler: String, step: String }], default: undefined },
    state: { type: String, required: true, enum: ['running', 'done', 'failed', 'waiting'] },
    steps: {
      type: [
        {
          _id: false,
          id: { type: String, required: true },
          action: { type: String, required: true },
          state: { type: String, required: true, enum: stepStates },
          attempts: { type: Number, required: true },
          startedAt: Date,
          ms: Number,
          output: Schema.Types.Mixed,
          cut: { type: [String], default: undefined },
          error: { type: new Schema({ code: String, message: String }, { _id: false }) },
          untold: String,
          uncertain: Boolean,
          parts: Number,
          revision: Number,
          skipped: { type: String, enum: skipReasons },
          if: Schema.Types.Mixed,
          would: Schema.Types.Mixed,
        },
      ],
      required: true,
    },
    startedAt: { type: Date, required: true },
    finishedAt: Date,
    gaveUp: Boolean,
    holder: String,
    expireAt: { type: Date, required: true },
  },
  { ...durable, collection: 'runs' },
)
runSchema.index({ corpId: 1, event: 1, handler: 1 }, { unique: true })
runSchema.index({ corpId: 1, externalUserid: 1, state: 1 })
runSchema.index({ corpId: 1, handler: 1, startedAt: -1 })
// Most runs are of handlers of which nobody asks that.
runSchema.index(
  { corpId: 1, handler: 1, pair: 1, startedAt: -1 },
  { partialFilterExpression: { pair: { $exists: true } } },
)
runSchema.index({ expireAt: 1 }, { expireAfterSeconds: 0 })

import { Schema } from 'mongoose'
import { type Passed, passedSchema } from './inbox-event.ts'
import { durable } from './schema-options.ts'

/**
 * The welcome ledger: one row per welcome code, and one for an add that brought none, so that "why was there no
 * welcome?" has an answer.
 *
 * `sending` was begun and not answered · `sent` · `already` the platform says that the chat has begun or a welcome was
 * delivered (41051) · `expired` (41050) · `refused` any other final answer · `spare` a code for an add that was
 * welcomed through another code · `unused` nobody sent anything with it (`reason`); a later attempt may · `no_code` the
 * add brought none.
 */
export const welcomeStates = [
  'sending',
  'sent',
  'already',
  'expired',
  'refused',
  'spare',
  'unused',
  'no_code',
] as const
/**
 * Why a code was not used: all handlers are paused, none that welcomes matched, the one that did is a dry run, its run
 * failed or was left before the welcome, or the relation had ended.
 */
export const unusedReasons = [
  'paused',
  'no_handler',
  'dry_run',
  'failed',
  'skipped',
  'relation_over',
] as const

/**
 * What is known of why an add brought no code: the customer is a user of another company's WeCom, or the staff member had
 * this customer before, so that the chat may have begun. Where neither is known, the admin console's own welcome is the
 * likely cause: the platform does not say.
 */
export const noCodeCauses = ['other_company', 'again'] as const

export interface Welcome {
  corpId: string
  /** `none:` with the event's inbox key where the add brought none. */
  welcomeCode: string
  userid: string
  externalUserid: string
  /** Inbox key of the event that brought the code. */
  event: string
  /** Inbox key of the event that began the relation: at most one welcome per relation. */
  relation: string
  /** The handler that used the code last, or that could have. */
  handler?: string
  revision?: number
  state: (typeof welcomeStates)[number]
  attempts: number
  /** While `sending`: nobody else tries before this, by the clock of the database. */
  leaseUntil?: Date
  /** While `sending`: whose lease it is. */
  holder?: string
  /** The platform's last answer, where it was an error; the text is cut to 200 characters. */
  errcode?: number
  errmsg?: string
  /** With what the last attempt failed whose code may still live, where no later one has sent it. */
  trouble?: { code: string; message: string }
  /** Of `unused`. */
  reason?: (typeof unusedReasons)[number]
  /** Of `unused`: handlers that could have sent a welcome, and why each did not, at most 30. */
  passed?: Passed[]
  /** Why nobody used the code when the event was handled first, where that was done once more, as by a replay. */
  first?: FirstReason
  /** Of `no_code`. */
  causes?: (typeof noCodeCauses)[number][]
  /** What the platform was given and has answered. */
  sent?: WelcomeSent
  /** CreateTime of the event. */
  eventAt: Date
  answeredAt?: Date
  expireAt: Date
}

/** What a row said as `unused`, before anything else was done with its code. */
export interface FirstReason extends Pick<Welcome, 'reason' | 'handler' | 'passed' | 'errcode' | 'errmsg'> {
  /** When the event was handled once more. */
  until: Date
}

/** The content of a welcome: the text, with mobile numbers masked and cut to 200 characters, and its attachments by kind and title. */
export interface WelcomeSent {
  /** The text was too long for the platform, and the customer did not get the end of it. */
  cut?: true
  text: string
  attachments: { kind: string; title: string }[]
  /** Keys of materials that could not be had. */
  missing?: string[]
  /** Something else than the step’s text was said: its fallback, or a plain greeting. */
  fallback?: boolean
}

export const welcomeSchema = new Schema<Welcome>(
  {
    corpId: { type: String, required: true },
    welcomeCode: { type: String, required: true },
    userid: { type: String, required: true },
    externalUserid: { type: String, required: true },
    event: { type: String, required: true },
    relation: { type: String, required: true },
    handler: String,
    revision: Number,
    state: { type: String, required: true, enum: welcomeStates },
    attempts: { type: Number, required: true },
    leaseUntil: Date,
    holder: String,
    errcode: Number,
    errmsg: String,
    trouble: { type: new Schema({ code: String, message: String }, { _id: false }) },
    reason: { type: String, enum: unusedReasons },
    passed: { type: [passedSchema], default: undefined },
    first: Schema.Types.Mixed,
    causes: { type: [{ type: String, enum: noCodeCauses }], default: undefined },
    sent: Schema.Types.Mixed,
    eventAt: { type: Date, required: true },
    answeredAt: Date,
    expireAt: { type: Date, required: true },
  },
  { ...durable, collection: 'welcomes' },
)
welcomeSchema.index({ corpId: 1, welcomeCode: 1 }, { unique: true })
welcomeSchema.index({ corpId: 1, relation: 1 })
welcomeSchema.index({ corpId: 1, externalUserid: 1, eventAt: -1 })
welcomeSchema.index({ expireAt: 1 }, { expireAfterSeconds: 0 })

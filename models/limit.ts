import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/**
 * What all instances count together of what they ask of the platform: a bucket of calls, the messages to one member, or
 * who is changing a record. All times are the database's. Nothing is lost with it but the count.
 */
export interface Limit {
  /** `rate:…`, `member:…` or `record:…`. */
  _id: string
  /** When nobody needs it any more. */
  expireAt: Date
  /** Calls that the bucket holds, as of `at`. */
  level?: number
  at?: Date
  /** What the last one who asked was given: calls, or the time as of which a message counts; null where there was no room. */
  granted?: number | Date | null
  /** Who is calling, by priority. */
  callers?: { by: string; priority: string; until: Date }[]
  restUntil?: Date
  /** How long the last rest was, in milliseconds, and why. */
  restMs?: number
  errcode?: number
  errmsg?: string
  /** As of when the messages of the last hour count. */
  sent?: Date[]
  /** Who has the record, until when. */
  owner?: string
  until?: Date
}

export const limitSchema = new Schema<Limit>(
  {
    _id: { type: String, required: true },
    expireAt: { type: Date, required: true },
    level: Number,
    at: Date,
    granted: Schema.Types.Mixed,
    callers: { type: [{ _id: false, by: String, priority: String, until: Date }], default: undefined },
    restUntil: Date,
    restMs: Number,
    errcode: Number,
    errmsg: String,
    sent: { type: [Date], default: undefined },
    owner: String,
    until: Date,
  },
  { ...plain, collection: 'limits' },
)

limitSchema.index({ expireAt: 1 }, { expireAfterSeconds: 0 })

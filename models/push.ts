import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** A scheduled app message to staff (`path/90236`). */
export interface Push {
  corpId: string
  key: string
  title: string
  /** Userids, at most 1,000, or `['@all']`. */
  to: string[]
  text: string
  /** When, once; or a cron expression in the corp's time zone. */
  at?: Date
  cron?: string
  lastSentAt?: Date
  lastResult?: { ok: boolean; invalidUsers: string[]; error?: string }
  updatedAt: Date
}

export const pushSchema = new Schema<Push>(
  {
    corpId: { type: String, required: true },
    key: { type: String, required: true },
    title: { type: String, required: true },
    to: { type: [String], required: true },
    text: { type: String, required: true },
    at: Date,
    cron: String,
    lastSentAt: Date,
    lastResult: {
      type: new Schema({ ok: Boolean, invalidUsers: [String], error: String }, { _id: false }),
    },
    updatedAt: { type: Date, required: true },
  },
  { ...plain, collection: 'pushes' },
)
pushSchema.index({ corpId: 1, key: 1 }, { unique: true })

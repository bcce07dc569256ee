import { Schema } from 'mongoose'
import { durable } from './schema-options.ts'

export const noticeStates = ['waiting', 'sent', 'failed'] as const

/**
 * A notice to a staff member that could not go out at once, because the member had enough of them within a minute. It is
 * sent with others of the same member as one message.
 */
export interface Notice {
  /** `event/handler/step/member`: made once, however often the step is tried. */
  _id: string
  corpId: string
  /** The app that speaks. */
  agentId: string
  userid: string
  /** `userid` as compared, see userid.ts. */
  useridKey: string
  /** Dropped as soon as it was sent: it may say what a customer wrote. */
  text?: string
  /** When it was to be sent, by the database's clock: the oldest goes first. */
  at: Date
  state: (typeof noticeStates)[number]
  /** Not to be tried before, by the database's clock. */
  notBefore: Date
  sentAt?: Date
  /** An attempt at it began and its end is not known: it may have arrived twice, or, where the platform gave no answer, not. */
  uncertain?: boolean
  error?: { code: string; message: string }
  expireAt: Date
}

export const noticeSchema = new Schema<Notice>(
  {
    _id: { type: String, required: true },
    corpId: { type: String, required: true },
    agentId: { type: String, required: true },
    userid: { type: String, required: true },
    useridKey: { type: String, required: true },
    text: String,
    at: { type: Date, required: true },
    state: { type: String, required: true, enum: noticeStates },
    notBefore: { type: Date, required: true },
    sentAt: Date,
    uncertain: Boolean,
    error: { type: new Schema({ code: String, message: String }, { _id: false }) },
    expireAt: { type: Date, required: true },
  },
  { ...durable, collection: 'notices' },
)
// The sweep looks for members who have something waiting, over all corps.
noticeSchema.index({ state: 1, notBefore: 1 })
noticeSchema.index({ corpId: 1, agentId: 1, useridKey: 1, state: 1, at: 1 })
noticeSchema.index({ expireAt: 1 }, { expireAfterSeconds: 0 })

import { Schema } from 'mongoose'
import { durable } from './schema-options.ts'

/**
 * A request that changes something, claimed before anything is done: sent again it is done once, and one that was left
 * behind half done is found and finished.
 */
export interface ChangeRequest {
  corpId: string
  key: string
  /** Digest of what was asked for: one key stands for one request. */
  fingerprint: string
  /** Of the first attempt. */
  createdAt: Date
  /** What is to be changed, as seen before anything was. */
  plan?: unknown
  doneAt?: Date
  /** Somebody is at it until then. */
  leaseUntil: Date
  expireAt: Date
}

export const changeRequestSchema = new Schema<ChangeRequest>(
  {
    corpId: { type: String, required: true },
    key: { type: String, required: true },
    fingerprint: { type: String, required: true },
    createdAt: { type: Date, required: true },
    plan: Schema.Types.Mixed,
    doneAt: Date,
    leaseUntil: { type: Date, required: true },
    expireAt: { type: Date, required: true },
  },
  { ...durable, collection: 'requests' },
)
changeRequestSchema.index({ corpId: 1, key: 1 }, { unique: true })
changeRequestSchema.index({ expireAt: 1 }, { expireAfterSeconds: 0 })

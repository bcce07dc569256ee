import { Schema } from 'mongoose'
import { durable } from './schema-options.ts'

/**
 * The welcome ledger: one row per welcome code, so that "why was there no welcome?" has an answer.
 *
 * `sending` was begun and not answered · `sent` · `already` the platform says that the chat has begun or a welcome was
 * delivered (41051) · `expired` (41050) · `refused` any other final answer · `spare` a code for an add that was
 * welcomed through another code.
 */
export const welcomeStates = ['sending', 'sent', 'already', 'expired', 'refused', 'spare'] as const

export interface Welcome {
  corpId: string
  welcomeCode: string
  userid: string
  externalUserid: string
  /** Inbox key of the event that brought the code. */
  event: string
  /** Inbox key of the event that began the relation: at most one welcome per relation. */
  relation: string
  handler?: string
  state: (typeof welcomeStates)[number]
  attempts: number
  /** While `sending`: nobody else tries before this, by the clock of the database. */
  leaseUntil?: Date
  /** While `sending`: whose lease it is. */
  holder?: string
  errcode?: number
  /** CreateTime of the event. */
  eventAt: Date
  answeredAt?: Date
  expireAt: Date
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
    state: { type: String, required: true, enum: welcomeStates },
    attempts: { type: Number, required: true },
    leaseUntil: Date,
    holder: String,
    errcode: Number,
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

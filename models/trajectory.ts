import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

export const trajectoryKinds = [
  'added',
  'confirmed',
  'removed',
  'lost',
  'welcomed',
  'tagged',
  'remarked',
  'noted',
  // What an automation wrote down: no follow-up, and nobody's work.
  'recorded',
  'staged',
  'sent',
] as const
export type TrajectoryKind = (typeof trajectoryKinds)[number]

/** 客户轨迹 and 跟进记录: one thing that happened between a staff member and a customer. Never changed once written. */
export interface Trajectory {
  corpId: string
  externalUserid: string
  userid: string
  useridKey: string
  kind: TrajectoryKind
  at: Date
  /** For people: what was written, which tags. */
  text: string
  /** Idempotency: the same cause writes the same row once. */
  key: string
}

export const trajectorySchema = new Schema<Trajectory>(
  {
    corpId: { type: String, required: true },
    externalUserid: { type: String, required: true },
    userid: { type: String, required: true },
    useridKey: { type: String, required: true },
    kind: { type: String, required: true, enum: trajectoryKinds },
    at: { type: Date, required: true },
    text: { type: String, default: '' },
    key: { type: String, required: true },
  },
  { ...plain, collection: 'trajectories' },
)
trajectorySchema.index({ corpId: 1, key: 1 }, { unique: true })
// The timeline's pages; what happened at the same moment is told apart by its id.
trajectorySchema.index({ corpId: 1, externalUserid: 1, at: -1, _id: -1 })
trajectorySchema.index({ corpId: 1, useridKey: 1, at: -1 })
// An admin's day is over all staff.
trajectorySchema.index({ corpId: 1, at: -1 })

import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

export const syncNames = ['staff', 'tags', 'customers'] as const
export type SyncName = (typeof syncNames)[number]

/** What one pass did. `calls` counts platform calls. */
export interface SyncCounts {
  seen: number
  created: number
  updated: number
  removed: number
  calls: number
}

/** One sync of one corp: where it stands, and how it last ended. */
export interface SyncState {
  corpId: string
  what: SyncName
  /**
   * `complete` everything was read · `partial` some of it could not be read, nothing was marked lost for it · `failed`.
   */
  state: 'idle' | 'running' | 'complete' | 'partial' | 'failed'
  /** The pass that is under way; a killed one goes on at `cursor`. */
  pass?: string
  cursor?: unknown
  startedAt?: Date
  finishedAt?: Date
  counts: SyncCounts
  error?: { code: string; message: string }
}

export const syncStateSchema = new Schema<SyncState>(
  {
    corpId: { type: String, required: true },
    what: { type: String, required: true, enum: syncNames },
    state: { type: String, required: true, enum: ['idle', 'running', 'complete', 'partial', 'failed'] },
    pass: String,
    cursor: Schema.Types.Mixed,
    startedAt: Date,
    finishedAt: Date,
    counts: {
      seen: { type: Number, required: true, default: 0 },
      created: { type: Number, required: true, default: 0 },
      updated: { type: Number, required: true, default: 0 },
      removed: { type: Number, required: true, default: 0 },
      calls: { type: Number, required: true, default: 0 },
    },
    error: { type: new Schema({ code: String, message: String }, { _id: false }) },
  },
  { ...plain, collection: 'sync_states' },
)
syncStateSchema.index({ corpId: 1, what: 1 }, { unique: true })

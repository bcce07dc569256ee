import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/**
 * 处理器: a stored automation. `document` is what people write (bot/handlers/schema.ts knows its shape; here it is kept
 * as it came, so that a document from an older or newer release is never lost by loading it).
 */
export interface StoredHandler {
  corpId: string
  key: string
  /** Raised by each publish, from 1; 0 while there is a draft only. */
  revision: number
  /** Switched on. False while there is a draft only. */
  enabled: boolean
  /** The live one; missing while there is a draft only. */
  document?: Record<string, unknown>
  /** What is being written: kept as it came, however wrong it is. */
  draft?: HandlerDraft
  /** The last ten times that it was switched on or off, the newest last. */
  switched?: HandlerSwitch[]
  /** Digest of the built-in document that this one was seeded from; gone once somebody has published an edit. */
  seed?: string
  updatedAt: Date
}

export interface HandlerDraft {
  document: Record<string, unknown>
  savedAt: Date
  /** Userid, or `operator`. */
  by: string
}

export interface HandlerSwitch {
  at: Date
  on: boolean
  /** Userid, or `operator`. */
  by: string
}

/** A revision, never changed. */
export interface HandlerRevision {
  corpId: string
  key: string
  revision: number
  document: Record<string, unknown>
  publishedAt: Date
  /** Userid, or `operator`; missing for what a release brought. */
  by?: string
}

export const handlerSchema = new Schema<StoredHandler>(
  {
    corpId: { type: String, required: true },
    key: { type: String, required: true },
    revision: { type: Number, required: true },
    enabled: { type: Boolean, required: true },
    document: Schema.Types.Mixed,
    draft: {
      type: new Schema<HandlerDraft>(
        {
          document: { type: Schema.Types.Mixed, required: true },
          savedAt: { type: Date, required: true },
          by: { type: String, required: true },
        },
        { _id: false, minimize: false },
      ),
    },
    switched: {
      type: [{ _id: false, at: Date, on: Boolean, by: String }],
      default: undefined,
    },
    seed: String,
    updatedAt: { type: Date, required: true },
  },
  { ...plain, collection: 'handlers' },
)
handlerSchema.index({ corpId: 1, key: 1 }, { unique: true })

export const handlerRevisionSchema = new Schema<HandlerRevision>(
  {
    corpId: { type: String, required: true },
    key: { type: String, required: true },
    revision: { type: Number, required: true },
    document: { type: Schema.Types.Mixed, required: true },
    publishedAt: { type: Date, required: true },
    by: String,
  },
  { ...plain, collection: 'handler_revisions' },
)
handlerRevisionSchema.index({ corpId: 1, key: 1, revision: 1 }, { unique: true })

import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/**
 * 处理器: a stored automation. `document` is what people write (bot/handlers/schema.ts knows its shape; here it is kept
 * as it came, so that a document from an older or newer release is never lost by loading it).
 */
export interface StoredHandler {
  corpId: string
  key: string
  /** Raised by each publish, from 1. */
  revision: number
  enabled: boolean
  document: Record<string, unknown>
  /** Digest of the built-in document that this one was seeded from; gone once somebody has published an edit. */
  seed?: string
  updatedAt: Date
}

/** An older revision, never changed. */
export interface HandlerRevision {
  corpId: string
  key: string
  revision: number
  document: Record<string, unknown>
  publishedAt: Date
}

export const handlerSchema = new Schema<StoredHandler>(
  {
    corpId: { type: String, required: true },
    key: { type: String, required: true },
    revision: { type: Number, required: true },
    enabled: { type: Boolean, required: true },
    document: { type: Schema.Types.Mixed, required: true },
    seed: String,
    updatedAt: { type: Date, required: true },
  },
  { ...plain, collection: 'handlers' },
)
handlerSchema.index({ corpId: 1, key: 1 }, { unique: true })
handlerSchema.index({ corpId: 1, updatedAt: -1 })

export const handlerRevisionSchema = new Schema<HandlerRevision>(
  {
    corpId: { type: String, required: true },
    key: { type: String, required: true },
    revision: { type: Number, required: true },
    document: { type: Schema.Types.Mixed, required: true },
    publishedAt: { type: Date, required: true },
  },
  { ...plain, collection: 'handler_revisions' },
)
handlerRevisionSchema.index({ corpId: 1, key: 1, revision: 1 }, { unique: true })

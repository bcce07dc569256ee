import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

export interface ScriptPart {
  /** Exactly one of the two. */
  text?: string
  /** A material's key. */
  material?: string
}

/** 话术: what to say, in parts that are sent one after the other. */
export interface Script {
  corpId: string
  key: string
  category: string
  title: string
  keywords: string[]
  parts: ScriptPart[]
  /** What it is found by, see bot/actions/search-text.ts. */
  search: string
  order: number
  updatedAt?: Date
}

export const scriptSchema = new Schema<Script>(
  {
    corpId: { type: String, required: true },
    key: { type: String, required: true },
    category: { type: String, required: true },
    title: { type: String, required: true },
    keywords: { type: [String], required: true },
    parts: { type: [{ _id: false, text: String, material: String }], required: true },
    search: { type: String, required: true },
    order: { type: Number, required: true },
  },
  { ...plain, timestamps: { createdAt: false, updatedAt: true }, collection: 'scripts' },
)
scriptSchema.index({ corpId: 1, key: 1 }, { unique: true })
scriptSchema.index({ corpId: 1, category: 1, order: 1 })
scriptSchema.index({ corpId: 1, updatedAt: -1 })

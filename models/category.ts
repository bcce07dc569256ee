import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** A shelf of talk scripts or of materials. */
export interface Category {
  corpId: string
  key: string
  kind: 'script' | 'material'
  name: string
  order: number
}

export const categorySchema = new Schema<Category>(
  {
    corpId: { type: String, required: true },
    key: { type: String, required: true },
    kind: { type: String, required: true, enum: ['script', 'material'] },
    name: { type: String, required: true },
    order: { type: Number, required: true },
  },
  { ...plain, collection: 'categories' },
)
categorySchema.index({ corpId: 1, key: 1 }, { unique: true })

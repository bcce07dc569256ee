import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** A platform token shared by all instances (`path/91039`). */
export interface Token {
  /** `corpId:app:kind`. */
  _id: string
  /** Sealed; missing while only a lease stands. */
  value?: string
  expiresAt?: Date
  /** Who is fetching a new one, until when. */
  leaseOwner?: string
  leaseUntil?: Date
}

export const tokenSchema = new Schema<Token>(
  {
    _id: { type: String, required: true },
    value: String,
    expiresAt: Date,
    leaseOwner: String,
    leaseUntil: Date,
  },
  { ...plain, collection: 'tokens' },
)

import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** A platform token shared by all instances (`path/91039`). */
export interface Token {
  /** `corpId:app:fingerprint of the secret:kind`. */
  _id: string
  /** Sealed; missing while only a lease or a refusal stands. */
  value?: string
  expiresAt?: Date
  refreshAt?: Date
  fetchId?: string
  /** The platform refused the credentials: nobody asks again. */
  refusal?: { errcode: number; errmsg: string; since: Date; until?: Date }
  /** Who is fetching a new one, until when by the database's clock. */
  leaseOwner?: string
  leaseUntil?: Date
}

export const tokenSchema = new Schema<Token>(
  {
    _id: { type: String, required: true },
    value: String,
    expiresAt: Date,
    refreshAt: Date,
    fetchId: String,
    refusal: { type: { _id: false, errcode: Number, errmsg: String, since: Date, until: Date } },
    leaseOwner: String,
    leaseUntil: Date,
  },
  { ...plain, collection: 'tokens' },
)

import { randomUUID } from 'node:crypto'
import type { Model, mongo } from 'mongoose'
import type { StoredToken, TokenStore } from '../bot/wecom/token-store.ts'
import { inTime } from './in-time.ts'
import { isDuplicateKey } from './lock.ts'
import { SealError, type SecretBox } from './secrets.ts'
import type { Token } from './token.ts'

/** Long enough for a slow database, short enough for a call that waits. */
const patienceMs = 2_000

/**
 * Tokens shared by all instances: sealed at rest, and fetched by one process at a time. An operation that the database
 * does not answer within two seconds fails.
 */
export function createTokenStore(tokens: Model<Token>, secrets: SecretBox): TokenStore {
  return {
    async read(key) {
      const found = await inTime(patienceMs, tokens.findById(key).lean().exec())
      const token = found === null ? undefined : open(key, found)
      return { ...(token && { token }), ...(found?.refusal && { refusal: found.refusal }) }
    },
    async write(key, { value, ...token }) {
      const sealed = secrets.seal(`token:${key}`, value)
      const change = { $set: { ...token, value: sealed }, $unset: { refusal: 1 } } as const
      await inTime(patienceMs, tokens.updateOne({ _id: key }, change, { upsert: true }).exec())
    },
    async refuse(key, refusal) {
      const change = refusal === undefined ? { $unset: { refusal: 1 } as const } : { $set: { refusal } }
      const upsert = refusal !== undefined
      await inTime(patienceMs, tokens.updateOne({ _id: key }, change, { upsert }).exec())
    },
    async lease(key, ms) {
      const owner = randomUUID()
      const isFree = { $lte: ['$leaseUntil', '$$NOW'] }
      const taken = {
        leaseOwner: { $cond: [isFree, owner, '$leaseOwner'] },
        leaseUntil: { $cond: [isFree, { $add: ['$$NOW', ms] }, '$leaseUntil'] },
      }
      try {
        // By the database's clock: the instances' own may differ.
        const asked = tokens.collection.findOneAndUpdate(
          { _id: key } as never,
          [{ $set: taken }] as mongo.Document[],
          { upsert: true, returnDocument: 'after', projection: { leaseOwner: 1 } },
        )
        const found = await inTime(patienceMs, asked)
        if (found?.leaseOwner !== owner) return undefined
      } catch (error) {
        // Somebody else made the document, and the lease, at this very moment.
        if (isDuplicateKey(error)) return undefined
        throw error
      }
      return async () => {
        const change = { $unset: { leaseOwner: 1, leaseUntil: 1 } } as const
        await inTime(patienceMs, tokens.updateOne({ _id: key, leaseOwner: owner }, change).exec())
      }
    },
  }

  function open(key: string, { value, expiresAt, refreshAt, fetchId }: Token): StoredToken | undefined {
    if (value === undefined || expiresAt === undefined || refreshAt === undefined || fetchId === undefined)
      return undefined
    try {
      return { value: secrets.open(`token:${key}`, value), expiresAt, refreshAt, fetchId }
    } catch (error) {
      // Sealed with another key: as good as not there, and fetched anew.
      if (error instanceof SealError) return undefined
      throw error
    }
  }
}

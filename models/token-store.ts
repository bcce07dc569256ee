import { randomUUID } from 'node:crypto'
import type { Model } from 'mongoose'
import { isDuplicateKey } from './lock.ts'
import { SealError, type SecretBox } from './secrets.ts'
import type { Token } from './token.ts'

/** A token as it is handed out. */
export interface PlainToken {
  value: string
  expiresAt: Date
}

/**
 * Tokens shared by all instances: sealed at rest, and fetched by one process at a time. It fits the `TokenStore` that
 * the platform client asks for.
 */
export interface SharedTokenStore {
  read(key: string): Promise<PlainToken | undefined>
  write(key: string, token: PlainToken): Promise<void>
  /** @returns how to give the lease back, or undefined while another process fetches. */
  lease(key: string, ms: number): Promise<(() => Promise<void>) | undefined>
}

export function createTokenStore(tokens: Model<Token>, secrets: SecretBox): SharedTokenStore {
  return {
    async read(key) {
      const found = await tokens.findById(key).lean()
      if (found?.value === undefined || found.expiresAt === undefined) return undefined
      try {
        return { value: secrets.open(`token:${key}`, found.value), expiresAt: found.expiresAt }
      } catch (error) {
        // Sealed with another key: as good as not there, and fetched anew.
        if (error instanceof SealError) return undefined
        throw error
      }
    },
    async write(key, token) {
      const value = secrets.seal(`token:${key}`, token.value)
      await tokens.updateOne({ _id: key }, { $set: { value, expiresAt: token.expiresAt } }, { upsert: true })
    },
    async lease(key, ms) {
      const owner = randomUUID()
      const now = Date.now()
      try {
        await tokens.updateOne(
          { _id: key, $or: [{ leaseUntil: null }, { leaseUntil: { $lte: new Date(now) } }] },
          { $set: { leaseOwner: owner, leaseUntil: new Date(now + ms) } },
          { upsert: true },
        )
      } catch (error) {
        if (isDuplicateKey(error)) return undefined
        throw error
      }
      return async () => {
        await tokens.updateOne({ _id: key, leaseOwner: owner }, { $unset: { leaseOwner: 1, leaseUntil: 1 } })
      }
    },
  }
}

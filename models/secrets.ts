import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** A sealed secret could not be opened: another key, another place, or changed bytes. */
export class SealError extends Error {
  readonly code = 'seal_broken'
  constructor(place: string, options?: ErrorOptions) {
    super(`the stored secret of ${place} cannot be opened with this ENCRYPTION_KEY`, options)
    this.name = 'SealError'
  }
}

/** Seals secrets at rest. `place` (such as `corp:ww1:1000002:secret`) is bound in, so that a value cannot be moved. */
export interface SecretBox {
  seal(place: string, secret: string): string
  /** @throws SealError */
  open(place: string, sealed: string): string
}

/** AES-256-GCM with a random 12-byte nonce; the text form is `v1.<nonce>.<tag>.<ciphertext>`, base64url. */
export function createSecretBox(key: Buffer): SecretBox {
  return {
    seal(place, secret) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      return ['v1', ...[nonce, cipher.getAuthTag(), sealed].map(part => part.toString('base64url'))].join('.')
    },
    open(place, text) {
      const [version, nonce, tag, sealed] = text.split('.')
      if (version !== 'v1' || nonce === undefined || tag === undefined || sealed === undefined)
        throw new SealError(place)
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), {
          authTagLength: 16,
        })
        decipher.setAAD(Buffer.from(place)).setAuthTag(Buffer.from(tag, 'base64url'))
        return decipher.update(Buffer.from(sealed, 'base64url'), undefined, 'utf8') + decipher.final('utf8')
      } catch (error) {
        throw new SealError(place, { cause: error })
      }
    },
  }
}

/** What was sealed, or undefined where it cannot be opened: it was sealed with a key that is gone. */
export function opens(secrets: SecretBox, place: string, sealed: string): string | undefined {
  try {
    return secrets.open(place, sealed)
  } catch (error) {
    if (error instanceof SealError) return undefined
    throw error
  }
}

import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** Values that come back from a browser as they went out, or not at all. */
export interface Signer {
  sign(value: object): string
  /** Undefined for anything that was not signed here, for this purpose. */
  open(text: string): unknown
}

/** Signs JSON with HMAC-SHA256; each `purpose` has a key of its own, so that no value passes for one of another kind. */
export function createSigner(secret: string, purpose: string): Signer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `sidekick:${purpose}`, 32))
  const macOf = (body: string): string => createHmac('sha256', key).update(body).digest('base64url')
  return {
    sign(value) {
      const body = Buffer.from(JSON.stringify(value)).toString('base64url')
      return `${body}.${macOf(body)}`
    },
    open(text) {
      const [body = '', mac = '', ...more] = text.split('.')
      const given = Buffer.from(mac)
      const right = Buffer.from(macOf(body))
      const same = given.length === right.length && timingSafeEqual(given, right)
      return same && more.length === 0 ? JSON.parse(Buffer.from(body, 'base64url').toString()) : undefined
    },
  }
}

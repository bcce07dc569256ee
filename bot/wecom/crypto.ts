import { createDecipheriv, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'
import { encrypt, getJsApiSignature } from 'wecom-crypto'
import { toXml } from './xml.ts'

export type CallbackCryptoCode = 'bad_key' | 'not_decipherable' | 'wrong_receiver'

/** A callback that cannot be read. Neither the message nor the cause holds any part of the plaintext. */
export class CallbackCryptoError extends Error {
  override readonly name = 'CallbackCryptoError'
  readonly code: CallbackCryptoCode

  constructor(code: CallbackCryptoCode, message: string) {
    super(message)
    this.code = code
  }
}

/** What a signature covers, each as the exact string that travels: a number would lose leading zeros. */
export interface Signed {
  token: string
  timestamp: string
  nonce: string
  /** The base64 ciphertext: `echostr` of a URL verification, else the content of `Encrypt`. */
  encrypt: string
}

/** `msg_signature` of a callback or reply: 40 lower-case hex digits (`path/90968`). */
export function signMessage({ token, timestamp, nonce, encrypt: ciphertext }: Signed): string {
  // In one call: the library's own makes an object for it, and each callback is signed.
  return hash('sha1', [token, timestamp, nonce, ciphertext].sort().join(''))
}

/**
 * Whether `signature` is the platform's over these strings, compared in constant time (`path/90968`). An empty token
 * verifies nothing: anyone could sign with it.
 */
export function verifySignature(message: Signed & { signature: string }): boolean {
  if (message.token === '') return false
  const expected = Buffer.from(signMessage(message), 'latin1')
  const received = Buffer.from(message.signature, 'utf8')
  return received.length === expected.length && timingSafeEqual(received, expected)
}

/** @throws CallbackCryptoError `bad_key` unless `key` is an EncodingAESKey: 43 letters and digits (`path/90930`). */
export function assertAesKey(key: string): void {
  if (/^[A-Za-z0-9]{43}$/.test(key)) return
  throw new CallbackCryptoError('bad_key', 'EncodingAESKey must be 43 characters of A-Z, a-z and 0-9')
}

const BLOCK = 32
const RANDOM_BYTES = 16
const LENGTH_BYTES = 4

/**
 * The message inside a ciphertext: `echostr` or `Encrypt` (`path/90968`). `receiveId` is the corp id for an app of the
 * corp. Verify the signature first.
 *
 * The deciphering is done here because the library's drops the padding and the length field before anyone can check
 * them, and so reads altered ciphertexts.
 *
 * @throws CallbackCryptoError `bad_key`, `not_decipherable` (base64, length, padding or message length) or
 * `wrong_receiver` (readable, but meant for somebody else)
 */
export function decryptCallback(input: { aesKey: string; encrypt: string; receiveId: string }): string {
  const frame = unpad(decipher(input.aesKey, decodeBase64(input.encrypt)))
  const start = RANDOM_BYTES + LENGTH_BYTES
  if (frame.length < start) throw notDecipherable('the frame is too short')
  const end = start + frame.readUInt32BE(RANDOM_BYTES)
  if (end > frame.length) throw notDecipherable('the message length exceeds the frame')
  if (frame.toString('utf8', end) !== input.receiveId) {
    throw new CallbackCryptoError('wrong_receiver', 'the message is meant for another receiver')
  }
  return frame.toString('utf8', start, end)
}

/**
 * The ciphertext of `message`, base64 (`path/90968`). `random` (16 bytes) is for test vectors only; without it each
 * call gives another ciphertext.
 *
 * @throws CallbackCryptoError `bad_key`
 */
export function encryptMessage(
  to: { aesKey: string; receiveId: string; random?: Buffer },
  message: string,
): string {
  assertAesKey(to.aesKey)
  return encrypt(to.aesKey, message, to.receiveId, to.random)
}

/** Keys and values of the envelope around a passive reply. `timestamp` is unix seconds; `nonce` is free to choose. */
export interface ReplyEnvelope {
  token: string
  aesKey: string
  receiveId: string
  timestamp: number
  nonce: string
  /** 16 bytes, for test vectors only. */
  random?: Buffer
}

/**
 * A passive reply as the body of the callback's HTTP answer: the plaintext XML, encrypted and signed (`path/90930`).
 *
 * @throws CallbackCryptoError `bad_key`
 */
export function encryptReply(envelope: ReplyEnvelope, plaintext: string): string {
  const { token, timestamp, nonce } = envelope
  const ciphertext = encryptMessage(envelope, plaintext)
  const signature = signMessage({ token, timestamp: String(timestamp), nonce, encrypt: ciphertext })
  return toXml({ Encrypt: ciphertext, MsgSignature: signature, TimeStamp: timestamp, Nonce: nonce })
}

/**
 * Signature for `wx.config` and `wx.agentConfig` (`path/90506`), 40 hex digits. `url` is the page's full address; what
 * follows `#` is not signed. `timestamp` is unix seconds. Sign only addresses of our own origin.
 */
export function jsapiSignature(input: {
  url: string
  ticket: string
  nonceStr: string
  timestamp: number
}): string {
  const url = input.url.split('#', 1)[0] ?? ''
  const { ticket, nonceStr, timestamp } = input
  if (nonceStr === '' || timestamp <= 0) {
    throw new RangeError(
      'jsapiSignature needs a nonce and a timestamp of its own: the page must show the same two',
    )
  }
  return getJsApiSignature({ url, ticket, nonceStr, timestamp }).signature
}

function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  // Signs that are none of base64 are passed over in silence, and then there are fewer bytes.
  if (text.length % 4 !== 0 || bytes.length !== Buffer.byteLength(text, 'base64'))
    throw notDecipherable('not base64')
  if (bytes.length === 0 || bytes.length % BLOCK !== 0) throw notDecipherable('not whole blocks of 32 bytes')
  return bytes
}

interface CipherKey {
  key: KeyObject
  iv: Buffer
}

const cipherKeys = new Map<string, CipherKey>()
/** More than any installation has; those that were rotated out go with the rest. */
const cipherKeysMax = 1_000

/** The key in the form that OpenSSL takes; each is decoded once. */
function cipherKey(aesKey: string): CipherKey {
  const known = cipherKeys.get(aesKey)
  if (known !== undefined) return known
  assertAesKey(aesKey)
  const bytes = Buffer.from(`${aesKey}=`, 'base64')
  const made = { key: createSecretKey(bytes), iv: bytes.subarray(0, 16) }
  if (cipherKeys.size === cipherKeysMax) cipherKeys.clear()
  cipherKeys.set(aesKey, made)
  return made
}

function decipher(aesKey: string, ciphertext: Buffer): Buffer {
  const { key, iv } = cipherKey(aesKey)
  const cipher = createDecipheriv('aes-256-cbc', key, iv)
  cipher.setAutoPadding(false)
  const frame = cipher.update(ciphertext)
  // Whole blocks went in, so all of them have come out.
  cipher.final()
  return frame
}

/** The platform pads to 32 bytes, so the last byte tells 1..32, and every padding byte repeats it. */
function unpad(frame: Buffer): Buffer {
  const size = frame.at(-1) ?? 0
  if (size < 1 || size > BLOCK) throw notDecipherable('the padding is out of range')
  const end = frame.length - size
  for (let at = end; at < frame.length; at += 1)
    if (frame[at] !== size) throw notDecipherable('the padding is uneven')
  return frame.subarray(0, end)
}

function notDecipherable(reason: string): CallbackCryptoError {
  return new CallbackCryptoError('not_decipherable', `the ciphertext cannot be deciphered: ${reason}`)
}

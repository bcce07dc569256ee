import type { CallbackKeyPair, CallbackKeys } from '../apps.ts'
import { CallbackCryptoError, decryptCallback, verifySignature } from '../wecom/crypto.ts'
import { CallbackRefused } from './refusal.ts'

/** The query of a callback, exactly as received: leading zeros count in the signature. */
export interface CallbackQuery {
  msg_signature: string
  timestamp: string
  nonce: string
}

/** Older than this is not taken any more; events are kept longer, so that a replay always meets its first delivery. */
const windowSeconds = 24 * 60 * 60

/**
 * Reads the three parameters that every callback bears (`path/90930`).
 *
 * @throws CallbackRefused `malformed` where one is missing, empty or given twice
 */
export function readQuery(query: Readonly<Record<string, string | string[] | undefined>>): CallbackQuery {
  const { msg_signature, timestamp, nonce } = query
  if (typeof msg_signature !== 'string' || typeof timestamp !== 'string' || typeof nonce !== 'string') {
    throw new CallbackRefused('malformed')
  }
  if (msg_signature === '' || nonce === '' || !/^\d{1,12}$/.test(timestamp))
    throw new CallbackRefused('malformed')
  return { msg_signature, timestamp, nonce }
}

/** What was inside, and the keys that opened it: the answer is sealed with the same ones. */
export interface OpenedCallback {
  text: string
  pair: CallbackKeyPair
}

/**
 * Checks the signature, then the time, then decrypts and checks the receiver. While keys are being rotated the platform
 * may use either pair: the first one whose signature holds decides.
 *
 * @throws CallbackRefused
 */
export function openCallback(
  { corpId, pairs }: CallbackKeys,
  query: CallbackQuery,
  encrypt: string,
  now = Date.now(),
): OpenedCallback {
  const { msg_signature: signature, timestamp, nonce } = query
  const pair = pairs.find(({ token }) => verifySignature({ token, timestamp, nonce, encrypt, signature }))
  if (pair === undefined) throw new CallbackRefused('bad_signature')
  if (Math.abs(now / 1000 - Number(timestamp)) > windowSeconds) throw new CallbackRefused('out_of_time')
  try {
    return { text: decryptCallback({ aesKey: pair.aesKey, encrypt, receiveId: corpId }), pair }
  } catch (error) {
    if (!(error instanceof CallbackCryptoError)) throw error
    throw new CallbackRefused(error.code === 'wrong_receiver' ? 'wrong_receiver' : 'undecipherable', {
      cause: error,
    })
  }
}

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decrypt, getSignature } from 'wecom-crypto'
import { altered, made, received, sample } from '../../fixtures/test/vectors.ts'
import {
  assertAesKey,
  CallbackCryptoError,
  decryptCallback,
  encryptMessage,
  encryptReply,
  jsapiSignature,
  signMessage,
  verifySignature,
} from './crypto.ts'

const { token, aesKey, receiveId } = sample
const random = Buffer.from('0123456789abcdef')

const unreadable = {
  ...altered,
  'a lone cipher block': 'sKqRbbiSUnDhFHOvPjtUMQ==',
  nothing: '',
  'text that is not base64': '<xml/>',
  'base64 with a space in it': (received[0]?.encrypt ?? '').replace('+', ' '),
}

describe('the signature', () => {
  it.each(received)('of $name holds', vector => {
    expect(verifySignature(vector)).toBe(true)
  })

  const [vector] = received as [(typeof received)[0]]
  const ZEROED = `0${vector.timestamp}`

  it.each([
    ['another token', { ...vector, token: 'QDG6eL' }],
    ['a changed ciphertext', { ...vector, encrypt: vector.encrypt.replace('P9', 'P8') }],
    ['a leading zero in the timestamp', { ...vector, timestamp: ZEROED }],
    ['upper-case digits', { ...vector, signature: vector.signature.toUpperCase() }],
    ['a shorter value', { ...vector, signature: vector.signature.slice(0, -1) }],
    ['an empty value', { ...vector, signature: '' }],
    ['characters beyond ASCII', { ...vector, signature: '签'.repeat(40) }],
  ])('fails for %s', (_name, message) => {
    expect(verifySignature(message)).toBe(false)
  })

  it('is what the platform library reckons, for any strings', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 })
    fc.assert(
      fc.property(text, text, text, text, (token, timestamp, nonce, encrypt) => {
        expect(signMessage({ token, timestamp, nonce, encrypt })).toBe(
          getSignature(token, timestamp, nonce, encrypt),
        )
      }),
    )
  })

  it('never holds without a token, even when it was computed without one', () => {
    const message = { token: '', timestamp: '1', nonce: '2', encrypt: 'abc' }
    expect(verifySignature({ ...message, signature: signMessage(message) })).toBe(false)
  })
})

describe('decrypting', () => {
  it.each([...received, ...made.map(vector => ({ ...vector, aesKey }))])('reads $name', vector => {
    expect(decryptCallback(vector)).toBe(vector.message)
  })

  it.each(Object.entries(unreadable))('refuses %s', (_name, encrypt) => {
    expect(() => decryptCallback({ aesKey, encrypt, receiveId })).toThrow(
      expect.objectContaining({ code: 'not_decipherable' }),
    )
  })

  it('refuses a message for another receiver, or for one whose id only begins alike', () => {
    const encrypt = encryptMessage({ aesKey, receiveId }, 'hello')
    for (const other of ['ww6a112864f8022910', receiveId.slice(0, -1), `${receiveId}0`, '']) {
      expect(() => decryptCallback({ aesKey, encrypt, receiveId: other })).toThrow(
        expect.objectContaining({ code: 'wrong_receiver' }),
      )
    }
  })

  it('refuses what another key encrypted, and says nothing of the content', () => {
    const other = '4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws'
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), message => {
        const encrypt = encryptMessage({ aesKey: other, receiveId }, `plain:${message}`)
        try {
          decryptCallback({ aesKey, encrypt, receiveId })
        } catch (error) {
          return (
            error instanceof CallbackCryptoError && error.cause === undefined && !/plain/.test(error.message)
          )
        }
        return false
      }),
      { numRuns: 50 },
    )
  })

  it('survives any bytes: it reads or it refuses with its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 256 }), bytes => {
        try {
          decryptCallback({ aesKey, encrypt: Buffer.from(bytes).toString('base64'), receiveId })
        } catch (error) {
          return error instanceof CallbackCryptoError
        }
        return false
      }),
    )
  })
})

describe('encrypting', () => {
  it.each(made)('gives $name and its signature', vector => {
    const encrypt = encryptMessage({ aesKey, receiveId: vector.receiveId, random }, vector.message)
    expect(encrypt).toBe(vector.encrypt)
    expect(signMessage({ token, ...vector, encrypt })).toBe(vector.signature)
  })

  it('gives what the platform library and we ourselves can read, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), message => {
        const ciphertext = encryptMessage({ aesKey, receiveId }, message)
        expect(decrypt(aesKey, ciphertext)).toMatchObject({ message, id: receiveId })
        expect(decryptCallback({ aesKey, encrypt: ciphertext, receiveId })).toBe(message)
      }),
    )
  })

  it('wraps a reply in the signed envelope', () => {
    const [vector] = made as [(typeof made)[0]]
    const envelope = { token, aesKey, receiveId, timestamp: 1348831860, nonce: 'nonce1', random }
    expect(encryptReply(envelope, vector.message)).toBe(
      `<xml><Encrypt><![CDATA[${vector.encrypt}]]></Encrypt>` +
        `<MsgSignature><![CDATA[${vector.signature}]]></MsgSignature>` +
        '<TimeStamp>1348831860</TimeStamp><Nonce><![CDATA[nonce1]]></Nonce></xml>',
    )
  })
})

describe('the EncodingAESKey', () => {
  it.each(['', aesKey.slice(1), `${aesKey}=`, `${aesKey}a`, `${aesKey.slice(1)}+`, `${aesKey}\n`])(
    'is refused as %j, in every function that takes one',
    key => {
      const refusal = expect.objectContaining({ code: 'bad_key' })
      expect(() => assertAesKey(key)).toThrow(refusal)
      expect(() => encryptMessage({ aesKey: key, receiveId }, 'x')).toThrow(refusal)
      const encrypt = randomBytes(64).toString('base64')
      expect(() => decryptCallback({ aesKey: key, encrypt, receiveId })).toThrow(refusal)
    },
  )
})

describe('the JS-SDK signature', () => {
  const page = {
    ticket: 'sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg',
    nonceStr: 'Wm3WZYTPz0wzccnW',
    timestamp: 1414587457,
    url: 'http://mp.weixin.qq.com?params=value',
  }

  it('is the documented one', () => {
    expect(jsapiSignature(page)).toBe('0f9de62fce790f9a083d5c99e95740ceb90c27ed')
  })

  it('leaves out what follows the hash sign', () => {
    expect(jsapiSignature({ ...page, url: `${page.url}#/customer#1` })).toBe(jsapiSignature(page))
  })

  it('is refused without a nonce or time that the page could repeat', () => {
    expect(() => jsapiSignature({ ...page, nonceStr: '' })).toThrow(RangeError)
    expect(() => jsapiSignature({ ...page, timestamp: 0 })).toThrow(RangeError)
  })
})

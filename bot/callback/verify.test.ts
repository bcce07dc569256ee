import { describe, expect, it } from 'vitest'
import { altered, received, sample } from '../../fixtures/test/vectors.ts'
import type { CallbackKeyPair, CallbackKeys } from '../apps.ts'
import { encryptMessage, signMessage } from '../wecom/crypto.ts'
import { CallbackRefused, type RefusalReason } from './refusal.ts'
import { openCallback, readQuery } from './verify.ts'

const pair = { token: sample.token, aesKey: sample.aesKey }
const keys: CallbackKeys = { corpId: sample.receiveId, app: '218', pairs: [pair] }

function refusalOf(work: () => unknown): RefusalReason | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof CallbackRefused) return error.code
    throw error
  }
  return undefined
}

describe('a callback as the platform sends it', () => {
  it.each(received)(
    'opens: $name',
    ({ receiveId, token, aesKey, timestamp, nonce, signature, encrypt, message }) => {
      const own = { corpId: receiveId, app: '218', pairs: [{ token, aesKey }] }
      const query = { timestamp, nonce, msg_signature: signature }
      expect(openCallback(own, query, encrypt, Number(timestamp) * 1000).text).toBe(message)
    },
  )
})

/** Signed and encrypted as it should be, but for what the test changes. */
const seconds = 1_700_000_000
const sealed = encryptMessage({ aesKey: pair.aesKey, receiveId: keys.corpId }, '<xml></xml>')
function sent(encrypt: string, timestamp = String(seconds), token = pair.token) {
  const nonce = 'n1'
  return { timestamp, nonce, msg_signature: signMessage({ token, timestamp, nonce, encrypt }) }
}
const open = (encrypt: string, query = sent(encrypt), own = keys, now = seconds * 1000) =>
  refusalOf(() => openCallback(own, query, encrypt, now))

describe('the time of a callback', () => {
  const day = 24 * 60 * 60
  it.each([
    [0, undefined],
    [day, undefined],
    [-day, undefined],
    [day + 1, 'out_of_time'],
    [-day - 1, 'out_of_time'],
  ])('%i seconds ago gives %s', (age, refusal) => {
    expect(open(sealed, sent(sealed), keys, (seconds + age) * 1000)).toBe(refusal)
  })

  it('is today, unless said otherwise', () => {
    const fresh = sent(sealed, String(Math.floor(Date.now() / 1000)))
    expect(openCallback(keys, fresh, sealed).text).toBe('<xml></xml>')
    expect(refusalOf(() => openCallback(keys, sent(sealed), sealed))).toBe('out_of_time')
  })

  it('is signed as it was written, leading zeros included', () => {
    const padded = sent(sealed, `00${seconds}`)
    expect(open(sealed, padded)).toBeUndefined()
    expect(open(sealed, { ...padded, timestamp: String(seconds) })).toBe('bad_signature')
  })

  it('is not looked at before the signature', () => {
    const old = { ...sent(sealed, '1'), msg_signature: 'f'.repeat(40) }
    expect(open(sealed, old)).toBe('bad_signature')
  })
})

describe('the signature of a callback', () => {
  const right = sent(sealed)
  it.each([
    ['of another token', sent(sealed, undefined, 'other')],
    ['over another nonce', { ...right, nonce: 'n2' }],
    ['over another time', { ...right, timestamp: String(seconds + 1) }],
    ['in capitals', { ...right, msg_signature: right.msg_signature.toUpperCase() }],
    ['with a character more', { ...right, msg_signature: `${right.msg_signature}0` }],
    ['in full-width digits', { ...right, msg_signature: '１'.repeat(40) }],
  ])('%s is refused', (_what, query) => {
    expect(open(sealed, query)).toBe('bad_signature')
  })

  it('over another ciphertext is refused', () => {
    const other = encryptMessage({ aesKey: pair.aesKey, receiveId: keys.corpId }, '<xml></xml>')
    expect(open(other, right)).toBe('bad_signature')
  })

  it('is worth nothing where there is no token', () => {
    expect(open(sealed, sent(sealed, undefined, ''), { ...keys, pairs: [{ ...pair, token: '' }] })).toBe(
      'bad_signature',
    )
  })
})

describe('the ciphertext of a callback', () => {
  it.each([...Object.entries(altered), ['no base64', '不是'], ['nothing in it', '']])(
    'is undecipherable with %s, however well it is signed',
    (_what, encrypt) => {
      expect(open(encrypt)).toBe('undecipherable')
    },
  )

  it('is undecipherable with a key that is none', () => {
    expect(open(sealed, undefined, { ...keys, pairs: [{ ...pair, aesKey: 'short' }] })).toBe('undecipherable')
  })

  it.each(['ww0000000000000000', '', `${keys.corpId}x`])('for the receiver "%s" is refused', receiveId => {
    expect(open(encryptMessage({ aesKey: pair.aesKey, receiveId }, '<xml></xml>'))).toBe('wrong_receiver')
  })

  it('holds an empty message, and one that fills its last block', () => {
    for (const message of ['', 'x'.repeat(26), '你好 🙂']) {
      const encrypt = encryptMessage({ aesKey: pair.aesKey, receiveId: keys.corpId }, message)
      expect(openCallback(keys, sent(encrypt), encrypt, seconds * 1000).text).toBe(message)
    }
  })
})

describe('keys that are being rotated', () => {
  const next = { token: 'next', aesKey: 'b'.repeat(43) }
  const both: CallbackKeys = { ...keys, pairs: [next, pair] }
  const sealedBy = ({ token, aesKey }: CallbackKeyPair, signed = token) => {
    const encrypt = encryptMessage({ aesKey, receiveId: keys.corpId }, '<xml></xml>')
    return { encrypt, query: sent(encrypt, undefined, signed) }
  }

  it.each([next, pair])('are both taken, and the answer is for the ones that were used: $token', used => {
    const { encrypt, query } = sealedBy(used)
    expect(openCallback(both, query, encrypt, seconds * 1000)).toEqual({ text: '<xml></xml>', pair: used })
  })

  it('are taken in pairs: the token of one does not open the ciphertext of the other', () => {
    const { encrypt, query } = sealedBy(pair, next.token)
    expect(open(encrypt, query, both)).toBe('undecipherable')
  })

  it('are no longer taken when they are gone', () => {
    const { encrypt, query } = sealedBy(pair)
    expect(open(encrypt, query, { ...keys, pairs: [next] })).toBe('bad_signature')
    expect(open(encrypt, query, { ...keys, pairs: [] })).toBe('bad_signature')
  })
})

describe('the query of a callback', () => {
  const query = { msg_signature: 'a', timestamp: '0012', nonce: 'n' }

  it('is kept as it came, other parameters left out', () => {
    expect(readQuery({ ...query, echostr: 'x' })).toEqual(query)
  })

  it.each(['msg_signature', 'timestamp', 'nonce'])('is malformed with %s missing, empty or twice', name => {
    for (const value of [undefined, '', ['a', 'b']])
      expect(refusalOf(() => readQuery({ ...query, [name]: value }))).toBe('malformed')
  })

  it.each(['-1', '1.5', '1e9', ' 1', '１２', '1234567890123', '0x1'])(
    'is malformed at the time "%s"',
    timestamp => {
      expect(refusalOf(() => readQuery({ ...query, timestamp }))).toBe('malformed')
    },
  )
})

import { describe, expect, it } from 'vitest'
import { encryptMessage, signMessage } from '../wecom/crypto.ts'
import { CallbackRefused, type RefusalReason } from './refusal.ts'
import { type CallbackQuery, openCallback as openWith, readQuery } from './verify.ts'

const keys = {
  corpId: 'wx5823bf96d3bd56c7',
  app: '218',
  token: 'QDG6eK',
  aesKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
}
const modern = { ...keys, corpId: 'ww6a112864f8022910', app: '1000002' }

/** With the one pair that there is. */
function openCallback(own: typeof keys, query: CallbackQuery, encrypt: string, now?: number): string {
  const { corpId, app, ...pair } = own
  return openWith({ corpId, app, pairs: [pair] }, query, encrypt, now).xml
}

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
  it.each([
    {
      what: 'the verification of the official sample',
      keys,
      timestamp: '1409659589',
      nonce: '263014780',
      msg_signature: '5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3',
      encrypt: 'P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==',
      plain: '1616140317555161061',
    },
    {
      what: 'the message of the official sample',
      keys,
      timestamp: '1409659813',
      nonce: '1372623149',
      msg_signature: '477715d11cdb4164915debcba66cb864d751f3e6',
      encrypt:
        'RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==',
      plain:
        '<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>\n<FromUserName><![CDATA[mycreate]]></FromUserName>\n<CreateTime>1409659813</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[hello]]></Content>\n<MsgId>4561255354251345929</MsgId>\n<AgentID>218</AgentID>\n</xml>',
    },
    {
      what: 'a verification with a long token',
      keys: {
        ...modern,
        token: 'kjr2TKI8umCBfVF3wAHk8JiPwma5VBme',
        aesKey: '4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws',
      },
      timestamp: '1583940690',
      nonce: 'VHh7ymSeb0jc4lSb',
      msg_signature: '1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011',
      encrypt: '6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC/nIX3ZNt9w==',
      plain: '94966531020182955848408',
    },
    {
      what: 'a message to an app with a seven-digit id',
      keys: {
        ...modern,
        token: 'kz7Yx62CH8SaLN',
        aesKey: 'cD0d7jx4tYvVtzqrmh3Dm3QFCXe6f8SlHoMtMh3qQEP',
      },
      timestamp: '1583995625',
      nonce: '1584392382',
      msg_signature: 'f265ae551b1932727204c3d707628d01376a6940',
      encrypt:
        'EUCt7xMcNiyASzZj0Hjc5yDjFQrCum6AfQ3ntHiUzjGQ51xieKmbvtrZ40/EcB2W/W8yH0n4Lqx48gJl/T9HD/R309I0P/r5pIZucK3lyEn48FYMr4YdE0QdL2jIJ3xkcXUr6uzefzCxG6lMvwpAJaOyVCzN7sRRw47njfxy5EIqU6R9ZBhlTzfdnhhOhK/nTwzrZX3SoGlXFA9OBeZ6ru1NWpXFk76x9DUMe0lcxPPiUqK8ctnQcYXSGUHVqC6DfG7E7mab0OmruNN8cBZY5d3dYOBA4OgaH55Q0AJmUpdT8vNiXpXx+6TxT3TIjySXpDrHVyrsb772aYywgg/Nu4kUmGkALwFZlzhjNegR7wDwb9lr4ERXsSSS8JZ8lbBmaQ3F2Tq584xoPj5rIhXAF734ynm4no1g+SdHiNqR328=',
      plain:
        '<xml><ToUserName><![CDATA[ww6a112864f8022910]]></ToUserName><FromUserName><![CDATA[foobar]]></FromUserName><CreateTime>1583995625</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[x123]]></Content><MsgId>2018405441</MsgId><AgentID>1000002</AgentID></xml>',
    },
  ])('opens: $what', ({ keys: own, encrypt, plain, ...query }) => {
    expect(openCallback(own, query, encrypt, Number(query.timestamp) * 1000)).toBe(plain)
  })
})

/** Signed and encrypted as it should be, but for what the test changes. */
const seconds = 1_700_000_000
const sealed = encryptMessage({ aesKey: keys.aesKey, receiveId: keys.corpId }, '<xml></xml>')
function sent(encrypt: string, timestamp = String(seconds), token = keys.token) {
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
    expect(openCallback(keys, fresh, sealed)).toBe('<xml></xml>')
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
    const other = encryptMessage({ aesKey: keys.aesKey, receiveId: keys.corpId }, '<xml></xml>')
    expect(open(other, right)).toBe('bad_signature')
  })

  it('is worth nothing where there is no token', () => {
    expect(open(sealed, sent(sealed, undefined, ''), { ...keys, token: '' })).toBe('bad_signature')
  })
})

describe('the ciphertext of a callback', () => {
  it.each([
    [
      'uneven padding',
      'sKqRbbiSUnDhFHOvPjtUMd2aKGsnO1wGUhhgmucZyOo2jxxUtjMf8LkS4XuE8MsCzRSBQH8EtgJLzixn586KQQ==',
    ],
    [
      'a padding of 0',
      'sKqRbbiSUnDhFHOvPjtUMd2aKGsnO1wGUhhgmucZyOoIM2G+JuTcG3m932brsR3vHRQv3eZH9pw7FaFrXlEnfw==',
    ],
    [
      'a padding over 32',
      'sKqRbbiSUnDhFHOvPjtUMd2aKGsnO1wGUhhgmucZyOo4SU4IFznYULhtpxsqTMfBNinNKN9dbbxiCMrMZ1xOHQ==',
    ],
    ['a length beyond its end', 'sKqRbbiSUnDhFHOvPjtUMSgdJmQlDXEHbPQFcBzq2tg='],
    ['no base64', '不是'],
    ['nothing in it', ''],
  ])('with %s is undecipherable, however well it is signed', (_what, encrypt) => {
    expect(open(encrypt)).toBe('undecipherable')
  })

  it('is undecipherable with a key that is none', () => {
    expect(open(sealed, undefined, { ...keys, aesKey: 'short' })).toBe('undecipherable')
  })

  it.each(['ww0000000000000000', '', `${keys.corpId}x`])('for the receiver "%s" is refused', receiveId => {
    expect(open(encryptMessage({ aesKey: keys.aesKey, receiveId }, '<xml></xml>'))).toBe('wrong_receiver')
  })

  it('holds an empty message, and one that fills its last block', () => {
    for (const message of ['', 'x'.repeat(26), '你好 🙂']) {
      const encrypt = encryptMessage({ aesKey: keys.aesKey, receiveId: keys.corpId }, message)
      expect(openCallback(keys, sent(encrypt), encrypt, seconds * 1000)).toBe(message)
    }
  })
})

describe('a callback address with former keys', () => {
  const { corpId, app, ...former } = keys
  const current = { token: 'new', aesKey: 'b'.repeat(43) }
  const pairs = [current, former]

  it.each([current, former])('takes what was signed with $token, and says with which', pair => {
    const encrypt = encryptMessage({ aesKey: pair.aesKey, receiveId: corpId }, '<xml></xml>')
    const query = sent(encrypt, undefined, pair.token)
    expect(openWith({ corpId, app, pairs }, query, encrypt, seconds * 1000)).toEqual({
      xml: '<xml></xml>',
      pair,
    })
  })

  it('does not mix the token of one with the key of the other', () => {
    const query = sent(sealed, undefined, current.token)
    const mixed = () => openWith({ corpId, app, pairs }, query, sealed, seconds * 1000)
    expect(refusalOf(mixed)).toBe('undecipherable')
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

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decrypt } from 'wecom-crypto'
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

const token = 'QDG6eK'
const aesKey = 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C'
const receiveId = 'wx5823bf96d3bd56c7'
const random = Buffer.from('0123456789abcdef')

const received = [
  {
    name: 'V1, a URL verification',
    token,
    aesKey,
    receiveId,
    timestamp: '1409659589',
    nonce: '263014780',
    signature: '5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3',
    encrypt: 'P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==',
    message: '1616140317555161061',
  },
  {
    name: 'V2, a message whose padding is longer than a cipher block',
    token,
    aesKey,
    receiveId,
    timestamp: '1409659813',
    nonce: '1372623149',
    signature: '477715d11cdb4164915debcba66cb864d751f3e6',
    encrypt:
      'RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==',
    message: [
      '<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]></ToUserName>',
      '<FromUserName><![CDATA[mycreate]]></FromUserName>',
      '<CreateTime>1409659813</CreateTime>',
      '<MsgType><![CDATA[text]]></MsgType>',
      '<Content><![CDATA[hello]]></Content>',
      '<MsgId>4561255354251345929</MsgId>',
      '<AgentID>218</AgentID>',
      '</xml>',
    ].join('\n'),
  },
  {
    name: 'V3, a URL verification with a long token',
    token: 'kjr2TKI8umCBfVF3wAHk8JiPwma5VBme',
    aesKey: '4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws',
    receiveId: 'ww6a112864f8022910',
    timestamp: '1583940690',
    nonce: 'VHh7ymSeb0jc4lSb',
    signature: '1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011',
    encrypt: '6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC/nIX3ZNt9w==',
    message: '94966531020182955848408',
  },
  {
    name: 'V4, a message to an app with a seven-digit id',
    token: 'kz7Yx62CH8SaLN',
    aesKey: 'cD0d7jx4tYvVtzqrmh3Dm3QFCXe6f8SlHoMtMh3qQEP',
    receiveId: 'ww6a112864f8022910',
    timestamp: '1583995625',
    nonce: '1584392382',
    signature: 'f265ae551b1932727204c3d707628d01376a6940',
    encrypt:
      'EUCt7xMcNiyASzZj0Hjc5yDjFQrCum6AfQ3ntHiUzjGQ51xieKmbvtrZ40/EcB2W/W8yH0n4Lqx48gJl/T9HD/R309I0P/r5pIZucK3lyEn48FYMr4YdE0QdL2jIJ3xkcXUr6uzefzCxG6lMvwpAJaOyVCzN7sRRw47njfxy5EIqU6R9ZBhlTzfdnhhOhK/nTwzrZX3SoGlXFA9OBeZ6ru1NWpXFk76x9DUMe0lcxPPiUqK8ctnQcYXSGUHVqC6DfG7E7mab0OmruNN8cBZY5d3dYOBA4OgaH55Q0AJmUpdT8vNiXpXx+6TxT3TIjySXpDrHVyrsb772aYywgg/Nu4kUmGkALwFZlzhjNegR7wDwb9lr4ERXsSSS8JZ8lbBmaQ3F2Tq584xoPj5rIhXAF734ynm4no1g+SdHiNqR328=',
    message:
      '<xml><ToUserName><![CDATA[ww6a112864f8022910]]></ToUserName><FromUserName><![CDATA[foobar]]></FromUserName><CreateTime>1583995625</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[x123]]></Content><MsgId>2018405441</MsgId><AgentID>1000002</AgentID></xml>',
  },
]

const made = [
  {
    name: 'D1, Chinese and XML',
    receiveId,
    timestamp: '1348831860',
    nonce: 'nonce1',
    message:
      '<xml><ToUserName><![CDATA[mycreate]]></ToUserName><FromUserName><![CDATA[wx5823bf96d3bd56c7]]></FromUserName><CreateTime>1348831860</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好 A&B <1>]]></Content></xml>',
    encrypt:
      'sKqRbbiSUnDhFHOvPjtUMUNeky1yBjV3tIYfilQwj5fN/Js8KUsEWgVXPlHti2RHT6dIU70aNopY/r2YT/zocnNvNMINRv0id5aSeETI1s02SAEnZMIWt6fVqyK7irt5+LzsEgzU2+PBfYup8ovuaCu+9taHYr8YVF6U9Up9iZ16WlEmu/k1FJF4bI/LICkN8lVX/Q33kLnZ0DWcKwZMCKslSAq62JMlRf5YNUk+bnuHVW/OYk8e92Pbspu05Vey6KyBtAXHdWns7Z5HM4ri+IQDXY7bVBcY49D11yu0JPTmP0wnbuEiHq83Dy60fxEGdjbZ0llvbkXPXZp2jqI++cTY73R68y9umFZtKVWctglIp109Somk3fX18VgkWhl5',
    signature: '308c09cb140d295955d4cb353632c1d76aa197ad',
  },
  {
    name: 'D2, an empty receiver',
    receiveId: '',
    timestamp: '1641002400',
    nonce: 'nonce',
    message: '{"msgtype":"text"}',
    encrypt: 'sKqRbbiSUnDhFHOvPjtUMXwcNQzHVFNeLGShu75XAxnlReSDiqIMxFSwaGouVQm/TLf+6IgUPvQBjguiS7rgiw==',
    signature: '43fed62ad092e233f48213ce9828429ca73c71b6',
  },
  {
    name: 'D3, a whole block of padding',
    receiveId,
    timestamp: '1',
    nonce: '2',
    message: 'x'.repeat(26),
    encrypt:
      'sKqRbbiSUnDhFHOvPjtUMSs1k8K1CdhVATTBQNj5RGfr2SSogQPwiaREvDG6j+anDDTQGRPc5XVafaRf07vjdJWo03DV9aa/cArn/HDtV476heTTKpJSMh7JMO1cnA3V',
    signature: '5638efed75532387a1ac0d6aa2bb323e36a54236',
  },
  {
    name: 'D4, an empty message',
    receiveId,
    timestamp: '1',
    nonce: '2',
    message: '',
    encrypt: 'sKqRbbiSUnDhFHOvPjtUMU5qwF3QTRQT35ZLQKNzkIFzNtEiqzhRA2bjiTq/aLNxdb+TySor6nIW5pigQ2NbKg==',
    signature: '2faa605fbb6509925730007fc3484cbab3015ffd',
  },
]

const altered = {
  'N1, uneven padding':
    'sKqRbbiSUnDhFHOvPjtUMd2aKGsnO1wGUhhgmucZyOo2jxxUtjMf8LkS4XuE8MsCzRSBQH8EtgJLzixn586KQQ==',
  'N2, a last byte of 0':
    'sKqRbbiSUnDhFHOvPjtUMd2aKGsnO1wGUhhgmucZyOoIM2G+JuTcG3m932brsR3vHRQv3eZH9pw7FaFrXlEnfw==',
  'N3, a last byte above 32':
    'sKqRbbiSUnDhFHOvPjtUMd2aKGsnO1wGUhhgmucZyOo4SU4IFznYULhtpxsqTMfBNinNKN9dbbxiCMrMZ1xOHQ==',
  'N4, a message length beyond the frame': 'sKqRbbiSUnDhFHOvPjtUMSgdJmQlDXEHbPQFcBzq2tg=',
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

  it('never holds without a token, even when it was computed without one', () => {
    const message = { token: '', timestamp: '1', nonce: '2', encrypt: 'abc' }
    expect(verifySignature({ ...message, signature: signMessage(message) })).toBe(false)
  })
})

describe('decrypting', () => {
  it.each([...received, ...made.map(vector => ({ ...vector, aesKey }))])('reads $name', vector => {
    expect(decryptCallback(vector)).toBe(vector.message)
  })

  it.each(Object.entries(altered))('refuses %s', (_name, encrypt) => {
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

import { describe, expect, it } from 'vitest'
import { createSecretBox, SealError } from './secrets.ts'

const place = 'corp:ww1:1000002:secret'
const box = createSecretBox(Buffer.alloc(32, 1))

describe('a sealed secret', () => {
  it.each([
    ['an empty text', ''],
    ['letters and signs', 'aLongSecret-0_9./+='],
    ['Chinese, emoji and template signs', '密钥 🔑 {{ corp.name }}'],
    ['a long text', 'x'.repeat(100_000)],
  ])('opens again as it was: %s', (_what, secret) => {
    expect(box.open(place, box.seal(place, secret))).toBe(secret)
  })

  it('looks different each time and shows nothing of what it holds', () => {
    const sealed = [box.seal(place, 'hello hello'), box.seal(place, 'hello hello')]
    expect(sealed[0]).not.toBe(sealed[1])
    for (const text of sealed) {
      expect(text).toMatch(/^v1\.[\w-]{16}\.[\w-]{22}\.[\w-]+$/)
      expect(Buffer.from(text.split('.')[3] ?? '', 'base64url').toString('latin1')).not.toContain('hello')
    }
  })

  it('does not open at another place', () => {
    const sealed = box.seal(place, 'hello')
    expect(() => box.open('corp:ww1:1000003:secret', sealed)).toThrow(SealError)
  })

  it('does not open with another key, and the error names the place and not the secret', () => {
    const sealed = createSecretBox(Buffer.alloc(32, 2)).seal(place, 'hello')
    expect(() => box.open(place, sealed)).toThrow(
      expect.objectContaining({
        code: 'seal_broken',
        message: expect.stringMatching(/corp:ww1:1000002:secret .*ENCRYPTION_KEY/),
      }),
    )
  })

  it.each(['nonce', 'tag', 'ciphertext'] as const)(
    'does not open when one bit of its %s has changed',
    part => {
      const parts = box.seal(place, 'hello').split('.')
      const index = { nonce: 1, tag: 2, ciphertext: 3 }[part]
      const bytes = Buffer.from(parts[index] ?? '', 'base64url')
      bytes[0] = (bytes[0] ?? 0) ^ 1
      parts[index] = bytes.toString('base64url')
      expect(() => box.open(place, parts.join('.'))).toThrow(SealError)
    },
  )

  it.each(['', 'hello', 'v1', 'v1...', 'v1.a.b', 'v2.AAAA.AAAA.AAAA', '__proto__.a.b.c'])(
    'refuses %j, which was never sealed',
    text => {
      expect(() => box.open(place, text)).toThrow(SealError)
    },
  )
})

describe('a sealed secret whose tag was cut', () => {
  it.each([4, 8, 12, 15])('does not open with %i of its 16 tag bytes', length => {
    const box = createSecretBox(Buffer.alloc(32, 1))
    const [version, nonce, tag = '', text] = box.seal('p', 'hello').split('.')
    const cut = Buffer.from(tag, 'base64url').subarray(0, length).toString('base64url')
    expect(() => box.open('p', [version, nonce, cut, text].join('.'))).toThrow(SealError)
  })
})

import { describe, expect, it } from 'vitest'
import { assertUpload, MEDIA_LIMITS, mediaForm } from './media.ts'

const picture = { filename: '产品图 1.png', bytes: Buffer.from('0123456789'), contentType: 'image/png' }

describe('a media upload', () => {
  it('is a form with one field, whose head tells name, length and type', () => {
    const { contentType, body } = mediaForm(picture)
    const boundary = contentType.replace('multipart/form-data; boundary=', '')
    expect(body.toString()).toBe(
      [
        `--${boundary}`,
        'Content-Disposition: form-data; name="media"; filename="产品图 1.png"; filelength=10',
        'Content-Type: image/png',
        '',
        '0123456789',
        `--${boundary}--`,
        '',
      ].join('\r\n'),
    )
  })

  it('carries any bytes unchanged', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, value) => value)
    expect(mediaForm({ ...picture, bytes }).body.includes(Buffer.from(bytes))).toBe(true)
  })

  it('never lets a file name or type add lines to the form', () => {
    const { body } = mediaForm({
      ...picture,
      filename: 'a"\r\nX-A: 1.png',
      contentType: 'image/png\r\nX-B: 1',
    })
    expect(body.toString()).toContain('filename="a%22%0D%0AX-A: 1.png"')
    expect(body.toString()).not.toMatch(/^X-/m)
  })

  it.each([
    ['image', 5],
    ['image', MEDIA_LIMITS.image.bytes + 1],
    ['voice', MEDIA_LIMITS.voice.bytes + 1],
  ] as const)('of a %s with %d bytes is refused', (type, size) => {
    expect(() => assertUpload(type, { ...picture, bytes: Buffer.alloc(size) })).toThrow(
      expect.objectContaining({ code: 'media_refused' }),
    )
  })

  it('is allowed at the limits of its type, and only with a name', () => {
    assertUpload('image', { ...picture, bytes: Buffer.alloc(6) })
    assertUpload('image', { ...picture, bytes: Buffer.alloc(MEDIA_LIMITS.image.bytes) })
    expect(() => assertUpload('image', { ...picture, filename: '' })).toThrow('name')
  })
})

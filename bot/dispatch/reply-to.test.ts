import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundedParts, splitText } from './reply-to.ts'

const bytes = (text: string) => Buffer.byteLength(text)

describe('a text that is answered', () => {
  it('of 2,048 bytes goes out in one piece, of one more in two', () => {
    expect(splitText('a'.repeat(2_048))).toHaveLength(1)
    expect(splitText('a'.repeat(2_049)).map(bytes)).toEqual([2_048, 1])
  })

  it('is counted in bytes: 682 Chinese characters fit, 683 do not', () => {
    expect(splitText('退'.repeat(682))).toHaveLength(1)
    expect(splitText('退'.repeat(683))).toEqual(['退'.repeat(682), '退'])
  })

  it('is split at the end of a line where the lines fit', () => {
    const lines = Array.from({ length: 5 }, (_, i) => `${i}`.repeat(700))
    expect(splitText(lines.join('\n'))).toEqual([
      [lines[0], lines[1]].join('\n'),
      [lines[2], lines[3]].join('\n'),
      lines[4],
    ])
  })

  it('keeps its empty lines within a piece', () => {
    expect(splitText('【今日】\n\n没有待跟进的客户')).toEqual(['【今日】\n\n没有待跟进的客户'])
  })

  it('goes on with the next line in the piece that a very long line has left open', () => {
    const parts = splitText(`${'a'.repeat(2_050)}\nb`)
    expect(parts).toEqual(['a'.repeat(2_048), 'aa\nb'])
  })

  it('is never split inside a character', () => {
    const text = '🙂'.repeat(2_000)
    expect(splitText(text).join('')).toBe(text)
    expect(splitText(text).every(part => /^(🙂)+$/u.test(part))).toBe(true)
  })

  it('loses nothing but line ends, in pieces that are neither empty nor too long', () => {
    const piece = fc.oneof(
      fc.constantFrom('\n', '\n\n', '退款', '🙂', 'é'),
      fc.integer({ min: 1, max: 2_100 }).map(length => 'x'.repeat(length)),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        const text = `（${pieces.join('')}）`
        const parts = splitText(text)
        expect(parts.every(part => part !== '' && bytes(part) <= 2_048)).toBe(true)
        expect(parts.join('').replaceAll('\n', '')).toBe(text.replaceAll('\n', ''))
      }),
    )
  })

  it('takes ten pieces at most, and the last one says that the rest was left out', () => {
    const whole = '好'.repeat(6_820)
    expect(boundedParts(whole)).toEqual(splitText(whole))
    const parts = boundedParts(`${whole}好`)
    expect(parts).toHaveLength(10)
    expect(parts.slice(0, 9)).toEqual(splitText(whole).slice(0, 9))
    expect(parts[9]).toMatch(/^好{600,}\n……（内容太长，后面的没有发出）$/)
    expect(parts.every(part => bytes(part) <= 2_048)).toBe(true)
  })
})

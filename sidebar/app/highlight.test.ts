import { describe, expect, it } from 'vitest'
import { excerpt, highlight } from './highlight.ts'

const marked = (text: string, query: string) =>
  highlight(text, query)
    .map(piece => (piece.hit ? `[${piece.text}]` : piece.text))
    .join('')

describe('highlight', () => {
  it('marks each word wherever it stands, without regard to case', () => {
    expect(marked('沙发和 ENF 板材，沙发可拆洗', '沙发 enf')).toBe('[沙发]和 [ENF] 板材，[沙发]可拆洗')
  })

  it('marks the longer of two words that begin alike', () => {
    expect(marked('退货退款', '退 退货')).toBe('[退货][退]款')
  })

  it('leaves a text whole that was found by pinyin', () => {
    expect(marked('约到店', 'ydd')).toBe('约到店')
  })

  it('takes signs that mean something in a pattern for what they are', () => {
    expect(marked('5.8 万(含税)', '(含税) .')).toBe('5[.]8 万[(含税)]')
  })
})

describe('excerpt', () => {
  it('begins a little before a hit that would not be seen otherwise', () => {
    const text = `${'前'.repeat(80)}沙发${'后'.repeat(10)}`
    expect(excerpt(text, '沙发')).toBe(`…${'前'.repeat(12)}沙发${'后'.repeat(10)}`)
  })

  it('begins at the beginning otherwise, in one line', () => {
    expect(excerpt('第一行\n第二行 沙发', '沙发')).toBe('第一行 第二行 沙发')
    expect(excerpt('没有这个词', '沙发')).toBe('没有这个词')
  })
})

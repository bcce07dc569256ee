import { describe, expect, it } from 'vitest'
import { searchText } from './search-text.ts'

describe('what a talk script is found by', () => {
  const found = (query: string) => searchText('退款多久到账', ['VIP价', '重庆仓']).includes(query)

  it.each(['退款', '到账', 'vip', 'vip价', 'tuikuan', 'daozhang', 'tkdjdz', 'chongqing', 'cqc', 'vipjia'])(
    '%s',
    query => {
      expect(found(query)).toBe(true)
    },
  )

  it.each(['换货', 'th', 'zhongqing', 'VIP', 'undefined'])('not %s', query => {
    expect(found(query)).toBe(false)
  })

  it('is there for emoji and signs as they are', () => {
    const [title, keywords] = searchText('🎉 开业', ['(试用)', '.*']).split('\n')
    expect(title).toMatch(/^🎉 开业 .* 🎉 ?ky$/u)
    expect(keywords).toMatch(/^\(试用\) \.\* /)
  })
})

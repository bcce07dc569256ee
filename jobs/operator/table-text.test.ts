import { describe, expect, it } from 'vitest'
import { columnsOf, cutColumns, tableLines } from './table-text.ts'

describe('a table of a terminal', () => {
  it('has its columns one below the other, also where a text is Chinese', () => {
    const rows = [
      { title: '退款话术', key: 'refund', n: 1 },
      { title: 'VIP，优先', key: undefined, n: 20 },
    ]
    expect(tableLines(rows)).toEqual([
      'title      key     n',
      '退款话术   refund  1',
      'VIP，优先  -       20',
    ])
    expect(tableLines([])).toEqual(['nothing there'])
  })

  it.each([
    ['abc', 3],
    ['春展', 4],
    ['｜，。', 6],
    ['e\u0301', 1],
    ['👍', 2],
  ])('gives %j its width', (text, columns) => {
    expect(columnsOf(text)).toBe(columns)
  })

  it('cuts what is too wide, and between two letters', () => {
    expect(cutColumns('春展来客', 8)).toBe('春展来客')
    expect(cutColumns('春展来客', 7)).toBe('春展来…')
    expect(cutColumns('春展来客', 6)).toBe('春展…')
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeNotices } from './merge-notices.ts'

describe('notices that go out together', () => {
  it('are numbered, the oldest first', () => {
    expect(mergeNotices(['小林来了', '张三走了\n来自春展'])).toEqual({
      text: '2 条通知\n\n1. 小林来了\n\n2. 张三走了\n来自春展',
      count: 2,
    })
  })

  it('are no list where there is only one', () => {
    expect(mergeNotices(['小林来了'])).toEqual({ text: '小林来了', count: 1 })
  })

  it('say how many follow where not all fit', () => {
    const { text, count } = mergeNotices(Array(10).fill('长'.repeat(100)), 5)
    expect(count).toBe(6)
    expect(text.endsWith('\n\n另有 9 条，随后发出')).toBe(true)
  })

  it('are cut only where one alone does not fit', () => {
    const { text, count } = mergeNotices(['长'.repeat(682), '短'])
    expect(count).toBe(1)
    expect(text).toMatch(/^长+\n\n另有 1 条，随后发出$/)
  })

  it('never exceed a message, and leave nobody out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 900, unit: 'grapheme' }), {
          minLength: 1,
          maxLength: 60,
        }),
        texts => {
          let left = texts
          while (left.length > 0) {
            const { text, count } = mergeNotices(left)
            expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2_048)
            expect(count).toBeGreaterThan(0)
            left = left.slice(count)
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})

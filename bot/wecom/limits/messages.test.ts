import { describe, expect, it } from 'vitest'
import { waitFor } from './messages.ts'

describe('the wait for a full window', () => {
  it('lasts until the message that fills it is old enough', () => {
    expect(waitFor([100, 300, 200], [{ ms: 1_000, most: 3 }])).toBe(700)
    expect(waitFor([100, 300, 200], [{ ms: 1_000, most: 2 }])).toBe(800)
    expect(waitFor([100], [{ ms: 1_000, most: 2 }])).toBe(0)
    expect(waitFor([1_500, 100], [{ ms: 1_000, most: 2 }])).toBe(0)
  })

  it('lasts for the window that opens last', () => {
    const windows = [
      { ms: 1_000, most: 2 },
      { ms: 10_000, most: 3 },
    ]
    expect(waitFor([100, 200, 4_000], windows)).toBe(6_000)
    expect(waitFor([100, 200, 9_900], windows)).toBe(800)
  })
})

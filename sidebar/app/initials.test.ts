import { describe, expect, it } from 'vitest'
import { hueOf, initials } from './initials.ts'

describe('initials', () => {
  it.each([
    ['李娜', '李娜'],
    ['欧阳小林', '小林'],
    ['陈先生', '陈'],
    ['夏天的风', '夏天'],
    ['先生', '先生'],
    ['阿May', '阿'],
    ['kate', 'K'],
    ['🌸', '🌸'],
    ['  ', '?'],
  ])('of %s are %s', (name, expected) => {
    expect(initials(name)).toBe(expected)
  })

  it('keeps the colour of a person', () => {
    expect(hueOf('wm123')).toBe(hueOf('wm123'))
    expect(new Set(['wm1', 'wm2', 'wm3', 'wm4'].map(hueOf)).size).toBeGreaterThan(1)
  })
})

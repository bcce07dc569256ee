import { describe, expect, it } from 'vitest'
import { fillPlaceholders } from './script-text.ts'

describe('the placeholders of a talk script', () => {
  it('hold the own name, and a place to fill in for the customer', () => {
    expect(fillPlaceholders("{{ customer.name | default: '朋友' }}您好，我是{{staff.name}}。", '李娜')).toBe(
      '〔客户称呼〕您好，我是李娜。',
    )
  })

  it('are filled wherever they stand, several times too', () => {
    expect(fillPlaceholders('{{ staff.name }}{{staff.name}}\n{{ customer.name }}', '娜')).toBe(
      '娜娜\n〔客户称呼〕',
    )
  })

  it('leave everything else as it was written', () => {
    const text = '100% {{ customer.names }} {{ staff.nickname }} { staff.name } {% if %} $& <b>'
    expect(fillPlaceholders(text, '李娜')).toBe(text)
  })

  it('are not looked for in the name', () => {
    expect(fillPlaceholders('我是{{ staff.name }}', '{{ corp.name }}')).toBe('我是{{ corp.name }}')
  })
})

describe('the own name in a talk script', () => {
  it.each(['李$&', 'A$$', "$'x", '{{ customer.name }}'])('is said as it is: %s', name => {
    expect(fillPlaceholders('我是{{ staff.name }}。', name)).toBe(`我是${name}。`)
  })
})

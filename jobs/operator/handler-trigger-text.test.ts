import { expect, it } from 'vitest'
import { triggerText } from './handler-trigger-text.ts'

it.each([
  [{ event: 'customer.added' }, 'customer.added'],
  [{ event: 'customer.added', match: { state: { prefix: 'fair-' } } }, 'customer.added state=fair-*'],
  [{ event: 'customer.added', match: { state: { in: ['a', 'b'] } } }, 'customer.added state=a|b'],
  [{ event: 'menu.clicked', match: { key: { eq: 'HELP' } } }, 'menu.clicked key=HELP'],
  [{ command: '催跟进', aliases: ['cgj'] }, '催跟进, cgj'],
  [{ message: { contains: ['退款', '退货'] } }, '退款 or 退货 in a message'],
  [{ schedule: '0 9 * * 1-5' }, '0 9 * * 1-5'],
  [{ manual: true }, 'by hand'],
  [{ message: 1 }, ' in a message'],
  [undefined, '-'],
])('%j is told in a few words', (trigger, text) => {
  expect(triggerText(trigger)).toBe(text)
})

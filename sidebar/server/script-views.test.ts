import { describe, expect, it } from 'vitest'
import type { Script } from '../../models/script.ts'
import { fillScript } from './script-views.ts'

const scriptOf = (...texts: string[]): Script => ({
  corpId: 'ww1',
  key: 'hello',
  category: 'opening',
  title: '打招呼',
  keywords: [],
  parts: texts.map(text => ({ text })),
  search: '',
  order: 0,
})
const said = (text: string, customer: string) =>
  fillScript(scriptOf(text), { customer, staff: '李娜' }, new Map()).parts

describe('the names in a talk script', () => {
  it.each(['{{ customer.name | append }}您好', '{% for i in (1..99999999) %}您好{% endfor %}'])(
    'stay as they stand where the script fails while it is filled: %s',
    text => {
      expect(said(text, '张三')).toEqual([{ text }])
    },
  )

  it('are put in', () => {
    expect(said('{{ customer.name }}您好呀，我是{{ staff.name }}。', '张三')).toEqual([
      { text: '张三您好呀，我是李娜。' },
    ])
  })

  it.each([
    ['{{ customer.name }}您好呀，我是{{ staff.name }}。', '您好呀，我是李娜。'],
    ['{{ customer.name }}，周末有空吗？', '周末有空吗？'],
    ["{{ customer.name | default: '朋友' }}，周末有空吗？", '朋友，周末有空吗？'],
    ['{{ customer.name }}', ''],
    ['好的 {{ follow.remark }}', '好的 '],
  ])('read well where nobody is called by name: %s', (text, filled) => {
    expect(said(text, '')).toEqual([{ text: filled }])
  })

  it('are only text, whatever a customer is called', () => {
    expect(said('{{ customer.name }}您好', '{{ staff.name }}<b>')).toEqual([
      { text: '{{ staff.name }}<b>您好' },
    ])
  })

  it('stand as they were written where the template is not valid', () => {
    expect(said('{{ customer.name | nothing }}您好', '张三')).toEqual([
      { text: '{{ customer.name | nothing }}您好' },
    ])
  })
})

it('a part whose material is gone keeps its place', () => {
  const script = { ...scriptOf('一', '三'), parts: [{ text: '一' }, { material: 'gone' }, { text: '三' }] }
  expect(fillScript(script, { customer: '', staff: '李娜' }, new Map()).parts).toEqual([
    { text: '一' },
    { text: '（素材已删除）' },
    { text: '三' },
  ])
})

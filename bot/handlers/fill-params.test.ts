import { describe, expect, it } from 'vitest'
import { fillParams } from './fill-params.ts'
import { compileValue } from './references.ts'

describe('the parameters of a step', () => {
  const facts = { name: '小林', many: 'x'.repeat(2_000_000) }
  // More than one text may cost.
  const costly = '{{ many | append: many | append: many }}'

  it('are filled in', () => {
    const filled = compileValue({ text: '{{ name }}您好', list: ['{{ name }}'] })
    expect(fillParams({ emptied: ['text'] }, filled, facts)).toEqual({ text: '小林您好', list: ['小林'] })
  })

  it('are empty where that fails and the action can do without', () => {
    const filled = compileValue({ text: costly, other: '{{ name }}' })
    expect(fillParams({ emptied: ['text'] }, filled, facts)).toEqual({ text: '', other: '小林' })
  })

  it('fail the step elsewhere', () => {
    expect(() => fillParams({ emptied: ['text'] }, compileValue({ other: costly }), facts)).toThrow()
    expect(() => fillParams({}, compileValue({ text: costly }), facts)).toThrow()
  })

  it('mean everybody only where the document itself says so', () => {
    const action = { wide: { 'to.users': ['@all'] } }
    const fill = (user: string, typed: string) =>
      fillParams(action, compileValue({ to: { users: [user] }, text: '{{ typed }}' }), { typed })
    expect(fill('@all', '@all')).toEqual({ to: { users: ['@all'] }, text: '@all' })
    expect(fill('{{ typed }}', 'lina')).toMatchObject({ to: { users: ['lina'] } })
    for (const typed of ['@all', ' @ALL '])
      for (const template of ['{{ typed }}', '{{ typed | strip }}'])
        expect(() => fill(template, typed)).toThrow(
          '“@all”会发给所有人，只能直接写在处理器里，不能由消息或资料带进来。',
        )
  })

  it('mean those whom a word stands for only where the document or the template itself says it', () => {
    const action = { wide: { to: ['lead', 'admin'] } }
    const fill = (to: unknown, who: unknown) => fillParams(action, compileValue({ to }), { who })
    expect(fill(['admin', '{{ who }}'], 'lina')).toEqual({ to: ['admin', 'lina'] })
    expect(fill(["{% if who == 'lina' %}lead{% else %}admin{% endif %}"], 'x')).toEqual({ to: ['admin'] })
    for (const [to, who] of [
      [['{{ who }}'], ' Admin '],
      [['{% if who %}{{ who }}{% else %}lead{% endif %}'], 'admin'],
      ['{{ who }}', ['lina', 'lead']],
    ])
      expect(() => fill(to, who)).toThrow(/只能直接写在处理器里，不能由消息或资料带进来。请写成员账号。$/)
  })

  it('mention whom the document mentions, and nobody whom a fact does', () => {
    const text = '<@{{ staff }}> {{ customer.name }}{% for tag in tags %} {{ tag }}{% endfor %}'
    const told = { staff: 'lina', customer: { name: '<@all>' }, tags: ['<@hemin>'] }
    expect(fillParams({ mentioning: ['markdown'] }, compileValue({ markdown: text, text }), told)).toEqual({
      markdown: '<@lina> < @all> < @hemin>',
      text: '<@lina> <@all> <@hemin>',
    })
  })
})

import { describe, expect, it } from 'vitest'
import { actions } from '../actions/registry.ts'
import { problemsOfForm, problemsOfShape } from './drafts.ts'

const saying = (text: string, trigger: object = { event: 'customer.added' }) => ({
  ...{ schemaVersion: 1, key: 'other', title: '试', trigger },
  steps: [{ id: 'tell', action: 'staff.notify', with: { to: ['lina'], text } }],
})
const said = (document: object) =>
  problemsOfForm(document, actions).map(({ path, message }) => `${path} ${message}`)

describe('a placeholder of another tool', () => {
  it.each([
    ['#客户昵称#您好', '#客户昵称#', 'customer.name'],
    ['%客户姓名%您好', '%客户姓名%', 'customer.name'],
    ['您好{客户昵称}', '{客户昵称}', 'customer.name'],
    ['｛员工姓名｝为您服务', '｛员工姓名｝', 'staff.name'],
    ['%name%您好', '%name%', 'customer.name'],
    ['%NICKNAME%您好', '%NICKNAME%', 'customer.name'],
    ['$customer.name$您好', '$customer.name$', 'customer.name'],
    ['%follow.days%天', '%follow.days%', 'follow.days'],
  ])('is refused in %s', (text, whole, fact) => {
    expect(said(saying(text))).toEqual([
      `steps.0.with.text says ${whole} as it stands, which is a placeholder of other tools; write {{ ${fact} }}`,
    ])
  })

  it('is no reason to stop what is live', () => {
    expect(problemsOfShape(saying('#客户昵称#您好'), actions)).toEqual([])
    expect(
      problemsOfShape(saying("{{ time.date | date: 'YYYY' }}{{ staff.name, default: '' }}"), actions),
    ).toEqual([])
  })

  it.each([
    "{{ '#客户昵称#' }}{% raw %}{客户昵称}{% endraw %}",
    '#春季新品# #name# $userName=lina$ $5.00$ {姓名} 【客户昵称】 %E5%AE%A2% 九折%，八折%',
    '# 客户昵称 #\n客户昵称: {{ customer.name }}',
    '#customer.birthday# #www.example# https://x.example/#a.b#c',
  ])('may stand there on purpose, and what is none may: %s', text => {
    expect(said(saying(text))).toEqual([])
  })

  it('is not told of a fact that the trigger does not bring', () => {
    expect(said(saying('#客户昵称#', { schedule: '0 9 * * *' }))).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import type { WireCustomer, WireFollow, WireFollowInfo } from '../bot/wecom/wire/customer.ts'
import type { WireMember } from '../bot/wecom/wire/directory.ts'
import { customerFields, followFields, memberFields } from './from-wecom.ts'

const customer: WireCustomer = { external_userid: 'wm1', name: '张三', type: 1, gender: 2 }
const base = { userid: 'lina', remark: '滨江-张三', description: '', createtime: 1_700_000_000, add_way: 1 }

describe('a customer of the platform', () => {
  it('keeps an empty nickname', () => {
    expect(customerFields({ ...customer, name: '' })).toEqual({ name: '', type: 1, gender: 2 })
  })

  it('keeps what was known of what the answer leaves out or empties', () => {
    const fields = customerFields({ ...customer, avatar: '', unionid: '', corp_name: '', position: '' })
    expect(Object.keys(fields).sort()).toEqual(['gender', 'name', 'type'])
  })

  it('of another company brings company and position', () => {
    expect(customerFields({ ...customer, type: 2, corp_name: '木料行', position: '采购' })).toMatchObject({
      type: 2,
      corpName: '木料行',
      position: '采购',
    })
  })
})

describe('a follow of the platform', () => {
  it('tells corp tags and rule group tags by id, personal tags by name', () => {
    const wire: WireFollow = {
      ...base,
      tags: [
        { group_name: '客户状态', tag_name: 'VIP', type: 1, tag_id: 'et2' },
        { group_name: '我的', tag_name: '爱喝茶', type: 2 },
        { group_name: '规则组', tag_name: '高端', type: 3, tag_id: 'et1' },
      ],
    }
    expect(followFields(customer, wire)).toMatchObject({ tags: ['et1', 'et2'], personalTags: ['爱喝茶'] })
  })

  it('of the batch read brings ids alone and says nothing of personal tags', () => {
    const wire: WireFollowInfo = { ...base, tag_id: ['et2', 'et1'] }
    const fields = followFields(customer, wire)
    expect(fields.tags).toEqual(['et1', 'et2'])
    expect(fields).not.toHaveProperty('personalTags')
    expect(wire.tag_id).toEqual(['et2', 'et1'])
  })

  it('without any tags has none', () => {
    expect(followFields(customer, base).tags).toEqual([])
  })

  it('keeps how it began where the answer does not say', () => {
    const { add_way: _omitted, ...wire } = { ...base, state: '', oper_userid: '' }
    const fields = followFields(customer, wire as WireFollowInfo)
    for (const name of ['addWay', 'state', 'operUserid']) expect(fields).not.toHaveProperty(name)
  })

  it('takes away the company remark that is gone, and the empty phone numbers', () => {
    const fields = followFields(customer, {
      ...base,
      remark_corp_name: '',
      remark_mobiles: ['', '13800000000'],
    })
    expect(Object.hasOwn(fields, 'remarkCorpName')).toBe(true)
    expect(fields.remarkCorpName).toBeUndefined()
    expect(fields.remarkMobiles).toEqual(['13800000000'])
  })

  it('bears the nickname and the moment of the add', () => {
    expect(followFields(customer, { ...base, add_way: 0 })).toMatchObject({
      customerName: '张三',
      addWay: 0,
      addedAt: new Date('2023-11-14T22:13:20Z'),
    })
  })
})

describe('a member of the platform', () => {
  const member: WireMember = { userid: '00123', name: '李娜', department: [1, 27], status: 1 }

  it('has departments as texts, and leads those that are marked', () => {
    expect(memberFields({ ...member, is_leader_in_dept: [0, 1] })).toMatchObject({
      userid: '00123',
      departments: ['1', '27'],
      leads: ['27'],
    })
  })

  it('leads none where the marks are missing or fewer', () => {
    expect(memberFields(member).leads).toEqual([])
    expect(memberFields({ ...member, is_leader_in_dept: [1] }).leads).toEqual(['1'])
  })

  it('loses alias and leader where the platform has none any more', () => {
    const fields = memberFields({ ...member, alias: '', direct_leader: [] })
    expect(fields).toMatchObject({ alias: undefined, directLeader: undefined, position: '' })
    expect(Object.keys(fields)).toEqual(expect.arrayContaining(['alias', 'directLeader']))
  })
})

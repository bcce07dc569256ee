import { describe, expect, it } from 'vitest'
import type { Profile } from '../api.ts'
import { remarkChange, stageChange, tagChange } from './customer-changes.ts'

const vip = { tagId: 't1', name: 'VIP', group: '等级' }
const sofa = { tagId: 't2', name: '沙发', group: '品类' }
const profile = { follow: { remark: '老张', stage: '待跟进', tags: [vip] } } as unknown as Profile

describe('changes to a customer', () => {
  it('shows tags as they will be, and back again', () => {
    const change = tagChange([sofa], [vip])
    const after = change.preview(profile)
    expect(after.follow.tags).toEqual([sofa])
    expect(change.back().preview(after).follow.tags).toEqual([vip])
    expect(change.back().body).toEqual({ add: ['t1'], remove: ['t2'] })
  })

  it('shows a tag once that is already there', () => {
    expect(tagChange([vip], []).preview(profile).follow.tags).toEqual([vip])
  })

  it('takes remark and stage back to what they were', () => {
    expect(remarkChange('张总', '老张').back().body).toEqual({ remark: '老张' })
    expect(stageChange('已成交', '待跟进').back().preview(profile).follow.stage).toBe('待跟进')
  })

  it('leaves the profile that it is given as it was', () => {
    stageChange('已成交', '待跟进').preview(profile)
    expect(profile.follow.stage).toBe('待跟进')
  })
})

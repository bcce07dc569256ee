import type { WireCustomer, WireFollow, WireFollowInfo } from '../bot/wecom/wire/customer.ts'
import type { WireMember } from '../bot/wecom/wire/directory.ts'
import type { Customer } from './customer.ts'
import type { Follow } from './follow.ts'
import type { Staff } from './staff.ts'

/** The platform's fields of a customer (`path/92114`) as we keep them. */
export type CustomerFields = Pick<Customer, 'name' | 'type' | 'gender'> &
  Partial<Pick<Customer, 'avatar' | 'unionid' | 'corpName' | 'position'>>

export function customerFields(wire: WireCustomer): CustomerFields {
  return {
    name: wire.name,
    type: wire.type,
    gender: wire.gender,
    ...(wire.avatar && { avatar: wire.avatar }),
    ...(wire.unionid && { unionid: wire.unionid }),
    ...(wire.corp_name && { corpName: wire.corp_name }),
    ...(wire.position && { position: wire.position }),
  }
}

/** The platform's fields of a follow as we keep them. Stage, relation and follow-up time are ours and not among them. */
export type FollowFields = Pick<Follow, 'remark' | 'description' | 'remarkMobiles' | 'tags' | 'addedAt'> &
  Partial<Pick<Follow, 'personalTags' | 'remarkCorpName' | 'addWay' | 'state' | 'operUserid'>>

/**
 * Reads a follow of `externalcontact/get` (which alone names personal tags) or of `batch/get_by_user`.
 */
export function followFields(wire: WireFollow | WireFollowInfo): FollowFields {
  return {
    remark: wire.remark,
    description: wire.description,
    remarkMobiles: (wire.remark_mobiles ?? []).filter(mobile => mobile !== ''),
    addedAt: new Date(wire.createtime * 1000),
    addWay: wire.add_way,
    ...tagFields(wire),
    ...(wire.remark_corp_name && { remarkCorpName: wire.remark_corp_name }),
    ...(wire.state && { state: wire.state }),
    ...(wire.oper_userid && { operUserid: wire.oper_userid }),
  }
}

function tagFields(
  wire: WireFollow | WireFollowInfo,
): Pick<Follow, 'tags'> & Partial<Pick<Follow, 'personalTags'>> {
  if (!('tags' in wire)) return { tags: ('tag_id' in wire && wire.tag_id) || [] }
  const tags = wire.tags ?? []
  return {
    tags: tags.flatMap(tag => tag.tag_id ?? []),
    personalTags: tags.filter(tag => tag.type === 2).map(tag => tag.tag_name),
  }
}

/** The platform's fields of a member (`path/90196`) as we keep them. */
export type MemberFields = Pick<Staff, 'userid' | 'name' | 'departments' | 'leads' | 'position' | 'status'> &
  Partial<Pick<Staff, 'alias' | 'directLeader'>>

/** `leads` holds the departments of which the member itself says so; the departments' own lists may name more. */
export function memberFields(wire: WireMember): MemberFields {
  const departments = wire.department.map(String)
  const [directLeader] = wire.direct_leader ?? []
  return {
    userid: wire.userid,
    name: wire.name,
    departments,
    leads: departments.filter((_id, index) => wire.is_leader_in_dept?.[index] === 1),
    position: wire.position ?? '',
    status: wire.status,
    ...(wire.alias && { alias: wire.alias }),
    ...(directLeader && { directLeader }),
  }
}

import type { WireCustomer, WireFollow, WireFollowInfo } from '../bot/wecom/wire/customer.ts'
import type { WireMember } from '../bot/wecom/wire/directory.ts'
import type { Customer } from './customer.ts'
import type { Wanted } from './difference.ts'
import type { Follow } from './follow.ts'
import type { Staff } from './staff.ts'

/**
 * The platform's part of a customer (`path/92114`). A field that an answer leaves out keeps what it was: unionids and
 * company names are shown only under conditions.
 */
export function customerFields(wire: WireCustomer): Wanted<Customer> {
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

/**
 * The platform's part of a follow, from `externalcontact/get` (which alone names personal tags) or from
 * `batch/get_by_user`. Stage, relation and follow-up time are the product's and not among them. `state`, `add_way` and
 * who caused the add are facts of the beginning: an answer without them does not take them away.
 */
export function followFields(customer: WireCustomer, wire: WireFollow | WireFollowInfo): Wanted<Follow> {
  return {
    customerName: customer.name,
    remark: wire.remark ?? '',
    description: wire.description ?? '',
    remarkCorpName: wire.remark_corp_name || undefined,
    remarkMobiles: (wire.remark_mobiles ?? []).filter(mobile => mobile !== ''),
    addedAt: new Date(wire.createtime * 1000),
    ...tagFields(wire),
    ...(wire.add_way !== undefined && { addWay: wire.add_way }),
    ...(wire.state && { state: wire.state }),
    ...(wire.oper_userid && { operUserid: wire.oper_userid }),
  }
}

function tagFields(wire: WireFollow | WireFollowInfo): Wanted<Follow> {
  if ('tag_id' in wire || !('tags' in wire))
    return { tags: [...(('tag_id' in wire && wire.tag_id) || [])].sort() }
  const tags = wire.tags ?? []
  return {
    tags: tags.flatMap(tag => tag.tag_id ?? []).sort(),
    personalTags: tags.filter(tag => tag.type === 2).map(tag => tag.tag_name),
  }
}

/**
 * The platform's part of a member (`path/90196`). `leads` holds the departments of which the member says so itself;
 * the departments' own lists may name more.
 */
export function memberFields(wire: WireMember) {
  const departments = wire.department.map(String)
  return {
    userid: wire.userid,
    name: wire.name,
    alias: wire.alias || undefined,
    departments,
    leads: departments.filter((_id, index) => wire.is_leader_in_dept?.[index] === 1),
    position: wire.position ?? '',
    directLeader: wire.direct_leader?.[0],
    status: wire.status,
  } satisfies Wanted<Staff>
}

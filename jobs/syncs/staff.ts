import type { WireDepartment, WireMember } from '../../bot/wecom/wire/directory.ts'
import type { Department } from '../../models/department.ts'
import type { Wanted } from '../../models/difference.ts'
import { memberFields } from '../../models/from-wecom.ts'
import type { Staff } from '../../models/staff.ts'
import { useridKey } from '../../models/userid.ts'
import { type SyncPass, skippableErrcode } from './pass.ts'
import { reconcile } from './reconcile.ts'

/** The platform listed nobody though we know people: the app has lost its visible range, or the answer is wrong. */
export class EmptyDirectoryError extends Error {
  readonly code = 'directory_empty'
  constructor() {
    super(
      'WeCom lists no staff for this app; check the visible range (可见范围) of the app. Nothing was marked as gone',
    )
    this.name = 'EmptyDirectoryError'
  }
}

/**
 * Departments (`path/90208`), the direct members of each (`path/90201`), who leads what, and who has the customer-contact
 * feature (`path/92571`). Everything is read before anything is written, and nobody is marked as gone unless all of it
 * could be read.
 *
 * @throws EmptyDirectoryError
 */
export async function syncStaff(pass: SyncPass): Promise<void> {
  const { corpId, models, counts } = pass
  const { department: departments = [] } = await pass.call('department/list', {})
  const members = await readMembers(pass, departments)
  const contacts = await readContacts(pass, members)
  if (members.size === 0 && (await models.staff.exists({ corpId, removedAt: null })) !== null) {
    throw new EmptyDirectoryError()
  }
  counts.seen += departments.length + members.size
  const complete = pass.skipped.length === 0
  await reconcile({
    model: models.departments,
    corpId,
    key: 'departmentId',
    wanted: new Map(departments.map(department => [String(department.id), toDepartment(department)])),
    complete,
    counts,
  })
  await reconcile({
    model: models.staff,
    corpId,
    key: 'useridKey',
    wanted: new Map(
      [...members].map(([key, member]) => [
        key,
        toStaff(member, leadsOf(key, departments), contacts?.has(key)),
      ]),
    ),
    complete,
    counts,
  })
}

/** All members by their key; whoever is in several departments once. */
async function readMembers(
  pass: SyncPass,
  departments: readonly WireDepartment[],
): Promise<Map<string, WireMember>> {
  const members = new Map<string, WireMember>()
  for (const [index, { id, name }] of departments.entries()) {
    await pass.save(undefined, index / (departments.length + 1))
    try {
      const { userlist = [] } = await pass.call('user/list', { department_id: id })
      for (const member of userlist) members.set(useridKey(member.userid), member)
    } catch (error) {
      const errcode = skippableErrcode(error)
      if (errcode === undefined) throw error
      pass.skip(`department ${id} ${name}`, errcode)
    }
  }
  return members
}

/**
 * Who has the customer-contact feature, by key; undefined when the app may not ask. The app may also see people whom it
 * was given by name and not by their department: those are in this list only, and are fetched one by one.
 */
async function readContacts(
  pass: SyncPass,
  members: Map<string, WireMember>,
): Promise<ReadonlySet<string> | undefined> {
  let userids: string[]
  try {
    userids = (await pass.call('externalcontact/get_follow_user_list', {})).follow_user ?? []
  } catch (error) {
    const errcode = skippableErrcode(error)
    if (errcode === undefined) throw error
    pass.skip('the list of staff with customer contact', errcode)
    return undefined
  }
  for (const userid of userids) {
    if (members.has(useridKey(userid))) continue
    try {
      members.set(useridKey(userid), await pass.call('user/get', { userid }))
    } catch (error) {
      const errcode = skippableErrcode(error)
      if (errcode === undefined) throw error
      pass.skip(userid, errcode)
    }
  }
  return new Set(userids.map(useridKey))
}

function leadsOf(key: string, departments: readonly WireDepartment[]): string[] {
  return departments
    .filter(({ department_leader = [] }) => department_leader.some(userid => useridKey(userid) === key))
    .map(({ id }) => String(id))
}

function toDepartment(wire: WireDepartment): Wanted<Department> {
  return {
    name: wire.name,
    parentId: String(wire.parentid),
    order: wire.order,
    leaders: wire.department_leader ?? [],
  }
}

function toStaff(wire: WireMember, leads: string[], contactsCustomers: boolean | undefined): Wanted<Staff> {
  return { ...memberFields(wire), leads, ...(contactsCustomers !== undefined && { contactsCustomers }) }
}

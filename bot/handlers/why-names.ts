import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
import type { Speaker } from './why-said.ts'

/** What people and departments are called, as far as it is held. */
export interface Names {
  /** By useridKey. */
  staff: Record<string, string>
  departments: Record<string, string>
}

/**
 * Looks up the names of those whom reasons tell of by their ids.
 *
 * @param said userids, and reasons such as `departments 4 (was lina of 3, 1)`
 */
export async function namesIn(models: Models, corpId: string, said: readonly string[]): Promise<Names> {
  const words = [...new Set(said.flatMap(one => one.split(/[\s,()]+/).filter(Boolean)))]
  const ids = words.filter(word => /^\d+$/.test(word))
  const [staff, departments] = await Promise.all([
    words.length === 0
      ? []
      : models.staff
          .find({ corpId, useridKey: { $in: words.map(useridKey) } }, { useridKey: 1, name: 1 })
          .lean(),
    ids.length === 0
      ? []
      : models.departments.find({ corpId, departmentId: { $in: ids } }, { departmentId: 1, name: 1 }).lean(),
  ])
  return {
    staff: Object.fromEntries(staff.map(one => [one.useridKey, one.name])),
    departments: Object.fromEntries(departments.map(one => [one.departmentId, one.name])),
  }
}

/** Says the names; what has none is called by its id. */
export function byName({ staff, departments }: Names): Pick<Speaker, 'staff' | 'department'> {
  return {
    staff: userid => staff[useridKey(userid)] || userid,
    department: id => departments[id] || `部门 ${id}`,
  }
}

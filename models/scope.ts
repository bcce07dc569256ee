import type { QueryFilter } from 'mongoose'
import type { Follow } from './follow.ts'
import type { Models } from './models.ts'
import { useridKey } from './userid.ts'

export type AskerRole = 'admin' | 'lead' | 'staff'

/** A staff member who asks for data. */
export interface Asker {
  corpId: string
  userid: string
  role: AskerRole
  /** Departments that the asker leads, with all below them. */
  leads: readonly string[]
}

/**
 * The follows that the asker may see: a staff member the own ones, a lead those of the departments led, an admin all.
 */
export async function visibleFollows(models: Models, asker: Asker): Promise<QueryFilter<Follow>> {
  const { corpId } = asker
  if (asker.role === 'admin') return { corpId }
  const own = useridKey(asker.userid)
  if (asker.role !== 'lead' || asker.leads.length === 0) return { corpId, useridKey: own }
  const led = await models.staff.find({ corpId, departments: { $in: asker.leads } }, { useridKey: 1 }).lean()
  return { corpId, useridKey: { $in: [...new Set([own, ...led.map(one => one.useridKey)])] } }
}

/** Those of the follows that the asker may see, by the same rule. */
export async function visibleAmong<F extends Pick<Follow, 'useridKey'>>(
  models: Models,
  asker: Asker,
  follows: readonly F[],
): Promise<F[]> {
  const { corpId } = asker
  if (asker.role === 'admin') return [...follows]
  const keys = new Set([useridKey(asker.userid)])
  const others = [...new Set(follows.map(one => one.useridKey))].filter(key => !keys.has(key))
  if (asker.role === 'lead' && asker.leads.length > 0 && others.length > 0) {
    const led = { corpId, useridKey: { $in: others }, departments: { $in: asker.leads } }
    for (const one of await models.staff.find(led, { useridKey: 1 }).lean()) keys.add(one.useridKey)
  }
  return follows.filter(one => keys.has(one.useridKey))
}

import type { Models } from '../../models/models.ts'
import type { HandlerScope } from './schema.ts'

const prefix = 'name:'

/**
 * Departments that a scope names as `name:销售部` become ids, so that a later renaming changes nothing. Whether they are
 * there says `checkNames`, which comes first.
 */
export async function resolveScope(
  models: Models,
  corpId: string,
  document: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const scope = document.scope as Partial<HandlerScope> | undefined
  const names = Object.values(scope ?? {}).flatMap(list => list.filter(one => one.startsWith(prefix)))
  if (names.length === 0) return document
  const departments = await models.departments
    .find({ corpId, removedAt: null }, { departmentId: 1, name: 1 })
    .lean()
  const idOf = (value: string): string =>
    departments.find(one => value === prefix + one.name)?.departmentId ?? value
  const lists = Object.entries(scope ?? {}).map(([list, values]) => [list, values.map(idOf)])
  return { ...document, scope: Object.fromEntries(lists) }
}

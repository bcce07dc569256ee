import type { Models } from '../../models/models.ts'
import type { HandlerScope } from './schema.ts'

const prefix = 'name:'

/** What stands in a scope for departments, and may be an id of one. */
const lists = ['departments', 'except'] as const

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
  const departments = await departmentsOf(models, corpId)
  const idOf = (value: string): string =>
    departments.find(one => value === prefix + one.name)?.departmentId ?? value
  const resolved = Object.entries(scope ?? {}).map(([list, values]) => [list, values.map(idOf)])
  return { ...document, scope: Object.fromEntries(resolved) }
}

/**
 * How documents are written for other eyes, and other corps, where an id would be another department: as `name:销售部`
 * where one alone is called so. Published again here they become the same ids.
 */
export async function departmentNamer(
  models: Models,
  corpId: string,
): Promise<(document: Record<string, unknown>) => Record<string, unknown>> {
  const departments = await departmentsOf(models, corpId)
  const isOnly = (name: string): boolean => departments.filter(one => one.name === name).length === 1
  const names = new Map(departments.map(one => [one.departmentId, one.name]))
  const nameOf = (value: unknown): unknown => {
    const name = names.get(String(value))
    return name !== undefined && isOnly(name) ? prefix + name : value
  }
  return document => {
    const named = lists.flatMap(list => {
      const values = valuesOf(document, list)
      return values.length === 0 ? [] : [[list, values.map(nameOf)]]
    })
    return named.length === 0
      ? document
      : { ...document, scope: { ...Object(document.scope), ...Object.fromEntries(named) } }
  }
}

/** The departments that scopes name by their ids, once each: elsewhere these are others. */
export async function departmentsById(
  models: Models,
  corpId: string,
  documents: readonly Record<string, unknown>[],
): Promise<{ id: string; name: string }[]> {
  const written = new Set(documents.flatMap(one => lists.flatMap(list => valuesOf(one, list))))
  if (written.size === 0) return []
  const held = await departmentsOf(models, corpId)
  return held
    .filter(one => written.has(one.departmentId))
    .map(one => ({ id: one.departmentId, name: one.name }))
}

/** Of a document that may be anything. */
function valuesOf(document: Record<string, unknown>, list: (typeof lists)[number]): unknown[] {
  const values = Object(document.scope)[list]
  return Array.isArray(values) ? values : []
}

function departmentsOf(models: Models, corpId: string): Promise<{ departmentId: string; name: string }[]> {
  return models.departments.find({ corpId, removedAt: null }, { departmentId: 1, name: 1 }).lean()
}

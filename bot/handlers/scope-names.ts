import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
import type { HandlerScope } from './schema.ts'

export interface ScopeProblem {
  path: string
  message: string
}

/** How many departments are named to somebody who has named one that is not there. */
const shownMax = 5

/**
 * Departments that a scope names as `name:销售部` become ids, so that a later renaming changes nothing; whoever and
 * whatever else it names is looked for.
 *
 * @returns the document as it is stored, and a problem for each name that is not there, or not exactly one's
 */
export async function resolveScope(
  models: Models,
  corpId: string,
  document: Record<string, unknown>,
): Promise<{ document: Record<string, unknown>; problems: ScopeProblem[] }> {
  const scope = document.scope as Partial<HandlerScope> | undefined
  if (scope === undefined) return { document, problems: [] }
  const problems: ScopeProblem[] = []
  const resolved: Record<string, string[]> = {}
  const held = await hold(models, corpId, scope)
  for (const [list, values] of Object.entries(scope)) {
    resolved[list] = values.map((value, index) => {
      const found = held.find(list as keyof HandlerScope, value)
      if ('id' in found) return found.id
      problems.push({ path: `scope.${list}.${index}`, message: found.problem })
      return value
    })
  }
  return { document: { ...document, scope: resolved }, problems }
}

type Found = { id: string } | { problem: string }

/** Reads what a scope may name: all departments, the staff that it names, the corp's apps. */
async function hold(models: Models, corpId: string, scope: Partial<HandlerScope>) {
  const named = [...(scope.staff ?? []), ...(scope.except ?? [])].map(useridKey)
  const [departments, staff, corp] = await Promise.all([
    models.departments.find({ corpId, removedAt: null }, { departmentId: 1, name: 1 }).lean(),
    named.length === 0
      ? []
      : models.staff.find({ corpId, useridKey: { $in: named } }, { useridKey: 1 }).lean(),
    models.corps.findOne({ corpId }, { apps: 1 }).lean(),
  ])
  const userids = new Set(staff.map(one => one.useridKey))
  const apps = (corp?.apps ?? []).map(one => one.app)

  function department(value: string): Found {
    const byName = value.startsWith('name:') ? value.slice('name:'.length) : undefined
    const found = departments.filter(one =>
      byName === undefined ? one.departmentId === value : one.name === byName,
    )
    const [only, ...others] = found
    if (only !== undefined && others.length === 0) return { id: only.departmentId }
    if (only !== undefined)
      return {
        problem: `"${value}" names ${found.length} departments; write the id of one: ${found.map(one => one.departmentId).join(', ')}`,
      }
    const shown = departments.slice(0, shownMax).map(one => `${one.departmentId} (${one.name})`)
    const known = shown.length === 0 ? 'none has been synced yet' : `there are ${shown.join(', ')}`
    return { problem: `"${value}" is no department of this corp; ${known}` }
  }

  function member(value: string): Found {
    return userids.has(useridKey(value))
      ? { id: value }
      : { problem: `"${value}" is no staff member of this corp; write a userid such as lina` }
  }

  function app(value: string): Found {
    return apps.includes(value)
      ? { id: value }
      : { problem: `"${value}" is no app of this corp; there is ${apps.join(', ') || 'none'}` }
  }

  /** `except` holds several kinds of things; a number may be a department as well as a userid. */
  function exception(value: string): Found {
    if (value.startsWith('role:')) return { id: value }
    if (value.startsWith('name:')) return department(value)
    if (value.startsWith('app:')) {
      const found = app(value.slice('app:'.length))
      return 'id' in found ? { id: value } : found
    }
    if ('id' in member(value) || 'id' in department(value)) return { id: value }
    return { problem: `"${value}" is neither a staff member nor a department of this corp` }
  }

  return {
    find(list: keyof HandlerScope, value: string): Found {
      if (list === 'departments') return department(value)
      if (list === 'staff') return member(value)
      if (list === 'apps') return app(value)
      return list === 'except' ? exception(value) : { id: value }
    },
  }
}

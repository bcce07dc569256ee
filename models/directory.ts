import type { Models } from './models.ts'

/** The corp's tree of departments, kept for some seconds. */
export interface Directory {
  /** These departments and all above them. */
  above(corpId: string, departments: readonly string[]): Promise<Set<string>>
  /** These departments and all below them. */
  below(corpId: string, departments: readonly string[]): Promise<string[]>
}

const rereadMs = 5_000

export function createDirectory(models: Models): Directory {
  const trees = new Map<string, { parents: Map<string, string>; readAt: number }>()

  async function parentsOf(corpId: string): Promise<Map<string, string>> {
    const known = trees.get(corpId)
    if (known !== undefined && Date.now() - known.readAt < rereadMs) return known.parents
    const rows = await models.departments
      .find({ corpId, removedAt: null }, { departmentId: 1, parentId: 1 })
      .lean()
    const parents = new Map(rows.map(row => [row.departmentId, row.parentId]))
    trees.set(corpId, { parents, readAt: Date.now() })
    return parents
  }

  /** The department and those above it; a loop in the data ends it. */
  function chain(parents: Map<string, string>, department: string): Set<string> {
    const seen = new Set<string>()
    for (let at: string | undefined = department; at !== undefined && !seen.has(at); at = parents.get(at))
      seen.add(at)
    return seen
  }

  return {
    async above(corpId, departments) {
      const parents = await parentsOf(corpId)
      return new Set(departments.flatMap(department => [...chain(parents, department)]))
    },
    async below(corpId, departments) {
      const parents = await parentsOf(corpId)
      const wanted = new Set(departments)
      const inside = [...parents.keys()].filter(one =>
        [...chain(parents, one)].some(above => wanted.has(above)),
      )
      return [...new Set([...departments, ...inside])]
    },
  }
}

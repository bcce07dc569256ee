import type { Problem } from './compile.ts'

const bytesMax = 256 * 1024
const depthMax = 64
/** How deep conditions may stand in one another. */
const conditionDepthMax = 20

/**
 * Refuses what no schema should have to look at: a document that is too large or too deep, refers to itself (as aliases of
 * YAML may), or hides a name. Costs as much as a document of the largest size, whatever comes.
 */
export function guardDocument(document: unknown): Problem | undefined {
  let bytes = 0
  const visit = (value: unknown, path: string, depth: number, conditions: number): Problem | undefined => {
    if (depth > depthMax) return { path, message: `is deeper than ${depthMax} levels, or holds itself` }
    if (conditions > conditionDepthMax)
      return {
        path,
        message: `is deeper than ${conditionDepthMax} conditions; put some side by side in one all or any`,
      }
    bytes += typeof value === 'string' ? Buffer.byteLength(value) : 8
    if (bytes > bytesMax) return { path: 'document', message: 'is larger than 256 kB' }
    if (typeof value !== 'object' || value === null) return undefined
    // A name that objects drop silently: what it was to restrict would not be restricted.
    if (Object.hasOwn(value, '__proto__')) return { path: path || 'document', message: 'names "__proto__"' }
    for (const [name, part] of Object.entries(value)) {
      bytes += name.length
      const deeper = name === 'all' || name === 'any' || name === 'not' ? conditions + 1 : conditions
      const problem = visit(part, path === '' ? name : `${path}.${name}`, depth + 1, deeper)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  return visit(document, '', 0, 0)
}

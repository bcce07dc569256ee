import type { Named } from './define.ts'

/**
 * What a parameter names, which is a name or a list of names. What is no text is left to the schema, and templates to
 * whoever looks for the names.
 */
export function namedIn(kind: Named['kind'], params: Record<string, unknown>, field: string): Named[] {
  const value = params[field]
  const list = Array.isArray(value) ? value : [value]
  return list.flatMap((name: unknown, index): Named[] => {
    if (typeof name !== 'string') return []
    return [{ kind, name, path: Array.isArray(value) ? `${field}.${index}` : field }]
  })
}

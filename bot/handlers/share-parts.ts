import type { JsonSchema } from './json-schema.ts'

/** Parts shorter than this, as JSON, are no longer than a reference and its place in the definitions. */
const worthwhile = 150

/** Moves what occurs several times to the definitions: message contents are the same for several actions. */
export function shareParts(schema: JsonSchema): JsonSchema {
  const counts = new Map<string, number>()
  walk(schema, one => {
    const text = JSON.stringify(one)
    if (text.length >= worthwhile) counts.set(text, (counts.get(text) ?? 0) + 1)
    return one
  })
  const names = new Map<string, string>()
  const shared: Record<string, JsonSchema> = {}
  const replace = (one: JsonSchema): JsonSchema => {
    const text = JSON.stringify(one)
    if ((counts.get(text) ?? 0) < 2) return one
    const known = names.get(text)
    const name = known ?? `shared${names.size + 1}`
    if (known === undefined) {
      names.set(text, name)
      shared[name] = walk(one, replace)
    }
    return { $ref: `#/definitions/${name}` }
  }
  const { definitions, ...rest } = schema
  const whole = walk(rest, replace)
  const own = Object.entries(definitions ?? {}).map(([name, one]) => [name, walk(one as JsonSchema, replace)])
  return { ...whole, definitions: { ...Object.fromEntries(own), ...shared } }
}

/** A schema whose parts have been changed, from the outside in: a part that was replaced is not looked into. */
function walk(schema: JsonSchema, change: (part: JsonSchema) => JsonSchema): JsonSchema {
  const visit = (one: unknown): unknown => {
    if (typeof one !== 'object' || one === null) return one
    const changed = change(one as JsonSchema)
    return changed === one ? walk(changed, change) : changed
  }
  const entries = Object.entries(schema).map(([keyword, value]: [string, unknown]) => {
    if (mapsOfParts.has(keyword) && typeof value === 'object' && value !== null)
      return [keyword, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, visit(one)]))]
    if (listsOfParts.has(keyword) && Array.isArray(value)) return [keyword, value.map(visit)]
    if (parts.has(keyword)) return [keyword, visit(value)]
    return [keyword, value]
  })
  return Object.fromEntries(entries) as JsonSchema
}

const mapsOfParts = new Set(['properties', 'definitions'])
const listsOfParts = new Set(['anyOf', 'oneOf', 'allOf'])
const parts = new Set(['items', 'additionalProperties', 'if', 'then', 'else', 'not'])

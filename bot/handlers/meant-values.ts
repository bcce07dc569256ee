import { z } from 'zod'
import { splitWords } from './joined-words.ts'
import { listed } from './nearest.ts'
import { fieldNames, partOf, requiredFields } from './schema-walk.ts'

/** How a fact or a list that stands for a condition was meant: the end of a sentence, as of all here. */
export function conditionInstead(value: unknown): string {
  if (Array.isArray(value)) return ': write all: above it, or any: where one of them is enough'
  return typeof value === 'string' && /^[a-zA-Z]\w*\.[\w.]+$/.test(value)
    ? `: write { path: ${value}, is: eq, value: true }, or another comparison`
    : ', such as { path: follow.tags, is: contains, value: VIP }'
}

/** How a plain value of a `match` was meant. */
export function matchInstead(value: unknown): string {
  if (Array.isArray(value)) return ': write { in: [store-01, store-02] }'
  if (typeof value !== 'string') return typeof value === 'boolean' ? `: write { eq: ${value} }` : ''
  const [, start] = /^(.+)\*$/.exec(value) ?? []
  return start === undefined
    ? `: write { eq: ${value} }, or { prefix: ${value} } for all that begins so`
    : `: write { prefix: ${start} }`
}

/** That an object is needed, by its fields: those that it must have, or all of them. */
export function objectWanted(schema: z.core.$ZodType): string {
  const names = fieldNames(schema) ?? []
  const required = requiredFields(schema)
  if (names.length === 0) return 'an object is needed'
  if (required.length > 0) return `an object such as ${formOf(schema, required)} is needed`
  const others = names.length > 1 ? `, with any of ${listed(names)}` : ''
  return `an object such as ${formOf(schema, names.slice(0, 1))} is needed${others}`
}

function formOf(schema: z.core.$ZodType, names: readonly string[]): string {
  const fields = names.map(name => {
    const part = partOf(schema, name, undefined)
    return `${name}: ${part?._zod.def.type === 'array' ? '[…]' : '…'}`
  })
  return `{ ${fields.join(', ')} }`
}

/**
 * How what is no object was meant as one: `text:您好`, which has no space behind its colon.
 *
 * @param names its fields, where it takes no others
 */
export function objectInstead(value: unknown, names: readonly string[] | undefined): string {
  if (typeof value !== 'string') return ''
  const [, name = '', rest] = /^([a-zA-Z]\w*)[:：](?!\/\/)(\S.*)$/.exec(value) ?? []
  if (rest === undefined || names?.includes(name) === false) return ''
  return `: write ${name}: ${rest}, with a plain colon and a space behind it`
}

/** How an object was meant as a list of objects. */
export function entriesInstead(value: unknown, schema: z.core.$ZodType | undefined): string {
  const dashed = Object.keys(Object(value)).find(name => /^-[a-zA-Z]/.test(name))
  if (dashed !== undefined) return spacedEntry(`${dashed}: `)
  const entry = schema && partOf(schema, 0, undefined)
  return entry !== undefined && fieldNames(entry) !== undefined ? ': begin each entry with "- "' : ''
}

/** How what is no list was meant as one. */
export function listInstead(value: unknown, schema: z.core.$ZodType | undefined): string {
  const [dashed] = typeof value === 'string' ? (/^-[^\s\d-]\S*/.exec(value) ?? []) : []
  if (dashed !== undefined) return spacedEntry(dashed)
  const whole = `[${JSON.stringify(value)}]`
  if (typeof value !== 'string') {
    const texts = [String(value)]
    const isOfTexts = schema !== undefined && !takes(schema, [value]) && takes(schema, texts)
    return `: write ${isOfTexts ? JSON.stringify(texts) : whole}`
  }
  const [, within] = /^【(.*)】$/.exec(value) ?? []
  const words = splitWords(within ?? value)
  const several = `write [${words.map(word => JSON.stringify(word)).join(', ')}]`
  if (within !== undefined) return `, whose brackets are plain: ${several}`
  return words.length > 1 ? `: ${several}, or ${whole} where it is one` : `: write ${whole}`
}

function takes(schema: z.core.$ZodType, value: unknown): boolean {
  return z.safeParse(schema, value).success
}

function spacedEntry(entry: string): string {
  return `: write "- ${entry.slice(1)}", with a space behind the "-"`
}

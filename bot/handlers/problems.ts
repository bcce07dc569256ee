import { z } from 'zod'
import type { Problem } from './compile.ts'
import {
  conditionInstead,
  entriesInstead,
  listInstead,
  matchInstead,
  objectInstead,
  objectWanted,
} from './meant-values.ts'
import { listed, nearest, suggest } from './nearest.ts'
import { allowed, fieldNames, formsOf, marksOf, meantForms, partOf } from './schema-walk.ts'

type Issue = z.core.$ZodIssue

/**
 * What is wrong with a value, as sentences that say what to write instead, each with its path.
 *
 * @param isLater whether a part is only there at run time, so that nothing is said of it
 */
export function problemsOf(
  issues: readonly Issue[],
  schema: z.core.$ZodType,
  value: unknown,
  at: readonly PropertyKey[] = [],
  isLater: (part: unknown) => boolean = () => false,
): Problem[] {
  return issues.flatMap(issue => {
    const { part, inner } = follow(schema, value, issue.path)
    if (isLater(inner) && !isOfWords(issue)) return []
    const path = [...at, ...issue.path]
    const problem = (message: string, more: readonly PropertyKey[] = []): Problem => ({
      path: [...path, ...more].join('.') || 'document',
      message,
    })
    switch (issue.code) {
      case 'unrecognized_keys': {
        // The fields of another form; which one of a union told of them says nothing of what was meant.
        const forms = part === undefined ? [] : formsOf(part)
        const meant = forms.length > 1 ? meantForms(forms, inner) : []
        if (meant.length > 1) return severalForms(forms, meant, Object(inner), path, isLater)
        return issue.keys.map(key =>
          problem(`is no field here${suggest(key, fieldsFor(part, inner))}`, [key]),
        )
      }
      case 'invalid_union':
        return unionProblems(issue, part, inner, path, isLater)
      case 'invalid_key':
      case 'invalid_element':
        return problemsOf(issue.issues, schema, undefined, path, isLater)
      case 'invalid_type':
        return [problem(wrongType(isWhole(part) ? 'int' : issue.expected, inner, part))]
      case 'invalid_value':
        return [problem(wrongValue(issue.values.map(String), inner))]
      case 'too_small':
        return [problem(tooSmall(issue, inner))]
      case 'too_big':
        return [problem(tooBig(issue, inner))]
      default:
        return [problem(said(issue.message, inner))]
    }
  })
}

/** About the words of a template, which are there already: its schema says so with `params: { words: true }`. */
function isOfWords(issue: Issue): boolean {
  return issue.code === 'custom' && issue.params?.words === true
}

/** The fields that a value may have, in the form that it was meant as. */
function fieldsFor(schema: z.core.$ZodType | undefined, value: unknown): string[] {
  const forms = schema === undefined ? [] : formsOf(schema)
  const [form] = forms.length === 1 ? forms : meantForms(forms, value)
  return (form && fieldNames(form)) ?? []
}

/** The part of schema and value that an issue is about. */
function follow(
  schema: z.core.$ZodType,
  value: unknown,
  path: readonly PropertyKey[],
): { part: z.core.$ZodType | undefined; inner: unknown } {
  let part: z.core.$ZodType | undefined = schema
  let inner = value
  for (const name of path) {
    part = part && partOf(part, name, inner)
    inner = (inner as Record<PropertyKey, unknown> | null | undefined)?.[name]
  }
  return { part, inner }
}

/** A union is told by the one form that was meant; which one, by the fields that are there. */
function unionProblems(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  schema: z.core.$ZodType | undefined,
  value: unknown,
  path: readonly PropertyKey[],
  isLater: (part: unknown) => boolean,
): Problem[] {
  const here = path.join('.') || 'document'
  const forms = schema === undefined ? [] : formsOf(schema)
  const meant = meantForms(forms, value)
  const [form] = meant
  const issues = form === undefined ? undefined : issue.errors[forms.indexOf(form)]
  if (form !== undefined && issues !== undefined && meant.length === 1)
    return problemsOf(issues, form, value, path, isLater)
  if (!/^Invalid/.test(issue.message)) return [{ path: here, message: said(issue.message, value) }]
  const marks = forms.map(one => marksOf(one, forms)[0]).filter(mark => mark !== undefined)
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject || marks.length === 0) return [{ path: here, message: notOneOf(forms, marks, value) }]
  if (meant.length > 1) return severalForms(forms, meant, value, path, isLater)
  const names = Object.keys(value)
  const all = forms.flatMap(one => marksOf(one, forms))
  const misspelt = names
    .map(name => [name, nearest(name, all)] as const)
    .find(([, near]) => near !== undefined)
  const meaning = misspelt && `; did you mean ${misspelt[1]} by ${misspelt[0]}?`
  const instead = marks.includes('prefix') ? '; for any other comparison, such as contains, write a when' : ''
  return [{ path: here, message: `has none of ${listed(marks)}${meaning ?? instead}` }]
}

/** Whichever is kept, or moved: what is wrong within each stays. */
function severalForms(
  forms: ReturnType<typeof formsOf>,
  meant: ReturnType<typeof meantForms>,
  value: object,
  path: readonly PropertyKey[],
  isLater: (part: unknown) => boolean,
): Problem[] {
  const within = meant.flatMap(form => {
    const issues = z.safeParse(form, value).error?.issues ?? []
    const own = issues.filter(({ path: [name = ''] }) => Object.hasOwn(value, name))
    return problemsOf(own, form, value, path, isLater)
  })
  const present = forms
    .map(one => marksOf(one, forms)[0])
    .filter(mark => mark !== undefined && Object.hasOwn(value, mark))
  const nested = present.includes('all') || present.includes('any') ? '; put one inside the other' : ''
  const message = `has ${present.join(' and ')}, and takes only one of them${nested}`
  return [...within, { path: path.join('.') || 'document', message }]
}

function notOneOf(forms: readonly z.core.$ZodType[], marks: readonly string[], value: unknown): string {
  const kinds = [...new Set(forms.map(form => kindNames[form._zod.def.type] ?? form._zod.def.type))]
  const wanted =
    marks.length > 0 && kinds.length === 1
      ? `an object with one of ${listed(marks)} is needed`
      : `${kinds.join(' or ')} is needed`
  if (value === undefined) return `is missing; ${wanted}`
  if (marks.includes('path')) return `is ${described(value)}, and ${wanted}${conditionInstead(value)}`
  const object = objectInstead(value, marks)
  if (object !== '') return `is ${described(value)}, and ${wanted}${object}`
  return `is ${described(value)}, and ${wanted}${marks.includes('prefix') ? matchInstead(value) : ''}`
}

const kindNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
}

/** Whether a schema takes whole numbers alone. */
function isWhole(schema: z.core.$ZodType | undefined): boolean {
  return schema?._zod.def.checks?.some(check => check._zod.def.check === 'number_format') ?? false
}

function wrongType(expected: string, value: unknown, schema: z.core.$ZodType | undefined): string {
  const wanted = kindNames[expected] ?? expected
  if (value === undefined || value === null) {
    const needed =
      expected === 'object' && schema !== undefined ? objectWanted(schema) : `${wanted} is needed`
    return `is ${value === null ? 'empty' : 'missing'}; ${needed}`
  }
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return `is ${described(value)}, and a text is needed${asText(value, schema)}`
  if (expected === 'boolean' && typeof value === 'string')
    return `is the text "${shortened(value)}": write true or false, without quotes`
  if (
    (expected === 'int' || expected === 'number') &&
    typeof value === 'string' &&
    Number.isFinite(Number(value)) &&
    value.trim() !== ''
  )
    return `is the text "${shortened(value)}": write ${Number(value)}, without quotes`
  if (expected === 'array' && typeof value !== 'object')
    return `is ${described(value)}, and a list is needed${listInstead(value, schema)}`
  if (expected === 'array')
    return `is ${described(value)}, and a list is needed${entriesInstead(value, schema)}`
  const within = expected === 'object' && schema !== undefined ? asOnlyField(value, schema) : undefined
  if (within !== undefined) return `is ${described(value)}, and ${wanted} is needed: write ${within}`
  if (expected === 'int')
    return `is ${described(value)}, and ${wanted} such as ${allowed(20, schema)} is needed`
  const field = wanted === kindNames.object ? objectInstead(value, schema && fieldNames(schema)) : ''
  if (field !== '') return `is ${described(value)}, and ${wanted} is needed${field}`
  if (expected === 'object' && schema !== undefined)
    return `is ${described(value)}, and ${objectWanted(schema)}`
  return `is ${described(value)}, and ${wanted} is needed`
}

/** The value, or a list of it, as the one field that an object has. */
function asOnlyField(value: unknown, schema: z.core.$ZodType): string | undefined {
  const [name, ...others] = fieldNames(schema) ?? []
  if (name === undefined || others.length > 0) return undefined
  const fitting = [value, [value]].find(one => z.safeParse(schema, { [name]: one }).success)
  return fitting === undefined ? undefined : `{ ${name}: ${JSON.stringify(fitting)} }`
}

/** What of it the schema takes: it as it stands, or as a duration. */
function asText(value: number | boolean, schema: z.core.$ZodType | undefined): string {
  const takes = (text: string): boolean => schema === undefined || z.safeParse(schema, text).success
  if (takes(String(value))) return `: write "${value}"`
  return takes(`${value}s`) ? `: write "${value}s" or "${value}m"` : ''
}

function wrongValue(values: readonly string[], value: unknown): string {
  if (value === undefined)
    return `is missing; write ${values.length === 1 ? values[0] : `one of ${listed(values)}`}`
  const near = typeof value === 'string' ? nearest(value, values) : undefined
  if (near !== undefined || values.length === 1) return `is ${described(value)}; write ${near ?? values[0]}`
  return `is ${described(value)}; write one of ${listed(values)}`
}

function tooSmall({ origin, minimum }: Extract<Issue, { code: 'too_small' }>, value: unknown): string {
  if (origin === 'number' || origin === 'int') return `is ${described(value)}; ${minimum} is the least`
  return Number(minimum) <= 1 ? 'is empty' : `is too short; ${minimum} is the least`
}

function tooBig({ origin, maximum }: Extract<Issue, { code: 'too_big' }>, value: unknown): string {
  if (origin === 'string') return `has ${String(value).length} characters; ${maximum} is the most`
  if (origin === 'array' && Array.isArray(value)) return `has ${value.length} entries; ${maximum} is the most`
  return `is ${described(value)}; ${maximum} is the most`
}

/** A schema's own words, with the value that they are about before them. */
function said(message: string, value: unknown): string {
  if (/^Invalid/.test(message)) return `is ${described(value)}, which does not fit: ${message}`
  return typeof value === 'string' && /^(is|holds) /.test(message)
    ? `"${shortened(value)}" ${message}`
    : message
}

function described(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return `the text "${shortened(value)}"`
  if (typeof value === 'number') return `the number ${value}`
  return typeof value === 'object' ? 'an object' : String(value)
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

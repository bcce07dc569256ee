import type { z } from 'zod'

type Schema = z.core.$ZodTypes

/** A schema without what stands around it: defaults, options, laziness. */
export function bare(schema: z.core.$ZodType): Schema {
  const one = schema as Schema
  const { def } = one._zod
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return bare(def.innerType)
    case 'lazy':
      // Kept by zod; the getter makes a new one each time.
      return bare((one as z.core.$ZodLazy)._zod.innerType)
    case 'pipe':
      return bare(def.in)
    default:
      return one
  }
}

/** The names of an object's fields; undefined where it is none, or takes any. */
export function fieldNames(schema: z.core.$ZodType): string[] | undefined {
  const { def } = bare(schema)._zod
  return def.type === 'object' ? Object.keys(def.shape) : undefined
}

/** The names of those fields of an object that may not be left out. */
export function requiredFields(schema: z.core.$ZodType): string[] {
  const { def } = bare(schema)._zod
  if (def.type !== 'object') return []
  return Object.keys(def.shape).filter(name => def.shape[name]?._zod.optin === undefined)
}

/** The number that is nearest to this one, of those between the limits of a schema. */
export function allowed(number: number, schema: z.core.$ZodType | undefined): number {
  const checks = (schema?._zod.def.checks ?? []).map(check => (check as z.core.$ZodChecks)._zod.def)
  return checks.reduce((near, def) => {
    if (def.check === 'greater_than') return Math.max(near, Number(def.value))
    return def.check === 'less_than' ? Math.min(near, Number(def.value)) : near
  }, number)
}

/** Whether a schema takes names that it does not list. */
export function isOpen(schema: z.core.$ZodType): boolean {
  const { def } = bare(schema)._zod
  if (def.type !== 'object') return true
  return def.catchall !== undefined && bare(def.catchall)._zod.def.type !== 'never'
}

/** The forms that a union takes, in its order; another schema is its only form. */
export function formsOf(schema: z.core.$ZodType): Schema[] {
  const one = bare(schema)
  const { def } = one._zod
  return def.type === 'union' ? def.options.map(bare) : [one]
}

/**
 * The forms of a union that a value may have been meant as: those of its kind, and of objects those of which it has one of
 * the fields that only they have.
 */
export function meantForms(forms: readonly Schema[], value: unknown): Schema[] {
  const fitting = forms.filter(form => isOfKind(form, value))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fitting
  return fitting.filter(form => marksOf(form, forms).some(name => Object.hasOwn(value, name)))
}

/** The fields by which a form is told from the others. */
export function marksOf(form: Schema, forms: readonly Schema[]): string[] {
  const others = new Set(forms.filter(one => one !== form).flatMap(namesOf))
  return namesOf(form).filter(name => !others.has(name))
}

function namesOf(form: Schema): string[] {
  return form._zod.def.type === 'union' ? formsOf(form).flatMap(namesOf) : (fieldNames(form) ?? [])
}

function isOfKind(form: Schema, value: unknown): boolean {
  switch (form._zod.def.type) {
    case 'object':
    case 'record':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'array':
    case 'tuple':
      return Array.isArray(value)
    case 'string':
      return typeof value === 'string'
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'union':
      return formsOf(form).some(one => isOfKind(one, value))
    default:
      return true
  }
}

/** What a schema says of one part of a value; undefined where it says nothing. */
export function partOf(schema: z.core.$ZodType, name: PropertyKey, value: unknown): Schema | undefined {
  const one = bare(schema)
  const { def } = one._zod
  switch (def.type) {
    case 'object': {
      const field = Object.hasOwn(def.shape, name) ? def.shape[String(name)] : undefined
      return field && bare(field)
    }
    case 'array':
      return bare(def.element)
    case 'record':
      return bare(def.valueType)
    case 'union': {
      const [form] = namedForm(def, value) ?? meantForms(formsOf(one), value)
      return form && partOf(form, name, value)
    }
    default:
      return undefined
  }
}

/** The form whose name a value bears, of a union in which each has one. */
function namedForm(def: z.core.$ZodUnionDef, value: unknown): Schema[] | undefined {
  const { discriminator } = def as Partial<z.core.$ZodDiscriminatedUnionDef>
  if (discriminator === undefined) return undefined
  const name = (value as Record<string, unknown> | null | undefined)?.[discriminator]
  const found = def.options.find(option =>
    partOf(option, discriminator, undefined)?._zod.values?.has(name as string),
  )
  return found && [bare(found)]
}

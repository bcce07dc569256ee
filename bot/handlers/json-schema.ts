import { z } from 'zod'
import type { Action, ActionTable } from '../actions/define.ts'
import { commonFields, type EventField, eventFields, familyFields } from '../events/fields.ts'
import { events } from '../events/names.ts'
import { factTable } from './fact-table.ts'
import { handlerDocument } from './schema.ts'
import { shareParts } from './share-parts.ts'

/** A JSON Schema, draft 7: the one that editors' YAML support knows best. */
export type JsonSchema = z.core.JSONSchema.BaseSchema

/** The first line of a handler file: editors with YAML support then complete, explain and check what is written. */
export function schemaLine(path: string): string {
  return `# yaml-language-server: $schema=${path}`
}

/** What a schema takes, before defaults, as JSON Schema. What only code can check is left out. */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  return tidy(
    z.toJSONSchema(schema, {
      io: 'input',
      target: 'draft-7',
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        // JSON Schema knows no flags: without them a pattern would refuse what the code takes.
        if (zodSchema._zod.def.checks?.some(hasFlags) === true) delete jsonSchema.pattern
      },
    }),
  )
}

function hasFlags(check: z.core.$ZodCheck<never>): boolean {
  const { pattern } = check._zod.def as { pattern?: RegExp }
  return pattern !== undefined && pattern.flags !== ''
}

/**
 * JSON Schema of a handler document, for editors. It refuses nothing that publishing accepts; what needs the corp, the
 * facts or another part of the document is left to publishing.
 */
export function handlerJsonSchema(actions: ActionTable): JsonSchema {
  const document = toJsonSchema(handlerDocument)
  const steps = part(document, 'steps')
  return shareParts({
    title: 'WeCom Sidekick handler',
    ...document,
    properties: {
      ...document.properties,
      trigger: withEvents(part(document, 'trigger')),
      steps: { ...steps, items: withActions(itemsOf(steps), actions) },
    },
    definitions: {
      condition: withFacts((document.definitions as Record<string, JsonSchema>).condition ?? {}),
      template: { type: 'string', pattern: '\\{[{%]', description: 'A LiquidJS template over the facts' },
      ...matchers,
    },
  })
}

const ref = (name: string): JsonSchema => ({ $ref: `#/definitions/${name}` })

/** How fields of each type are matched. */
const matchers: Record<string, JsonSchema> = {
  matchText: oneKey({
    eq: { type: 'string', description: 'Exactly this' },
    prefix: { type: 'string', minLength: 1, description: 'Begins with this' },
    in: { type: 'array', minItems: 1, items: { type: 'string' }, description: 'One of these' },
  }),
  matchBoolean: oneKey({ eq: { type: 'boolean', description: 'true or false' } }),
}

function oneKey(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: 'object', properties, additionalProperties: false, minProperties: 1, maxProperties: 1 }
}

/** The facts that are the same for every document, for completion; others are named too. */
function withFacts(condition: JsonSchema): JsonSchema {
  return {
    ...condition,
    anyOf: ((condition.anyOf ?? []) as JsonSchema[]).map(one => {
      if (one.properties?.path === undefined) return one
      const path = { ...part(one, 'path'), examples: Object.keys(factTable) }
      return { ...one, properties: { ...one.properties, path } }
    }),
  }
}

/** The names of events, and per event the fields that it can be matched by. */
function withEvents(trigger: JsonSchema): JsonSchema {
  const alternatives = (trigger.anyOf ?? []) as JsonSchema[]
  const families = Object.keys(familyFields).join('|')
  return {
    ...trigger,
    anyOf: alternatives.map(one => {
      if (one.properties?.event === undefined) return one
      return {
        ...one,
        properties: {
          ...one.properties,
          event: {
            ...part(one, 'event'),
            anyOf: [
              {
                enum: Object.keys(events),
                enumDescriptions: Object.values(events).map(({ title }) => title),
              },
              { pattern: `^(${families})\\.[a-z_]+$` },
            ],
          },
        },
        allOf: Object.entries(eventFields).map(([event, fields]) => ({
          if: { properties: { event: { const: event } } },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: { properties: { match: matchOf(fields) } },
        })),
      }
    }),
  }
}

function matchOf(fields: Readonly<Record<string, EventField>>): JsonSchema {
  const properties = Object.entries({ ...commonFields, ...fields }).map(([name, { type, means }]) => [
    name,
    type === 'boolean' || type === 'text'
      ? { description: means, allOf: [ref(type === 'text' ? 'matchText' : 'matchBoolean')] }
      : { description: means },
  ])
  return { properties: Object.fromEntries(properties), additionalProperties: false }
}

/** The names of actions, and per action the parameters in `with`. */
function withActions(step: JsonSchema, actions: ActionTable): JsonSchema {
  const all = [...actions.values()]
  return {
    ...step,
    properties: {
      ...step.properties,
      action: {
        ...part(step, 'action'),
        enum: all.map(({ id }) => id),
        enumDescriptions: all.map(({ title, summary }) => `${title}: ${summary}`),
      },
    },
    allOf: all.map(action => ({
      if: { properties: { action: { const: action.id } }, required: ['action'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: withOf(action),
    })),
  }
}

function withOf({ params, summary }: Action): JsonSchema {
  const { $schema, ...schema } = toJsonSchema(params)
  const needed = (schema.required ?? []).length > 0
  return {
    properties: { with: { ...orTemplates(schema), description: summary } },
    ...(needed && { required: ['with'] }),
  }
}

/** Wherever a value may stand, a template may: what it comes to is checked when it is filled in. */
function orTemplate(schema: JsonSchema): JsonSchema {
  const inner = orTemplates(schema)
  const { description, default: value, ...rest } = inner
  const free = Object.keys(rest).every(keyword => keyword === 'type') && rest.type === 'string'
  if (free || Object.keys(rest).length === 0) return inner
  return {
    ...(description !== undefined && { description }),
    ...(value !== undefined && { default: value }),
    anyOf: [rest, ref('template')],
  }
}

/** The same for the parts of a value. */
function orTemplates(schema: JsonSchema): JsonSchema {
  const result = { ...schema }
  if (schema.properties !== undefined) {
    const entries = Object.entries(schema.properties).map(([name, one]) => [
      name,
      orTemplate(one as JsonSchema),
    ])
    result.properties = Object.fromEntries(entries)
  }
  if (isSchema(schema.items)) result.items = orTemplate(schema.items)
  if (isSchema(schema.additionalProperties))
    result.additionalProperties = orTemplate(schema.additionalProperties)
  for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const) {
    const parts = schema[keyword]
    if (parts !== undefined) result[keyword] = parts.map(one => orTemplates(one as JsonSchema))
  }
  return result
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function part(schema: JsonSchema, name: string): JsonSchema {
  const found = schema.properties?.[name]
  if (!isSchema(found)) throw new Error(`the document has no ${name}`)
  return found
}

function itemsOf(schema: JsonSchema): JsonSchema {
  if (!isSchema(schema.items)) throw new Error('the document has no list of steps')
  return schema.items
}

/** Without what says nothing: bounds of safe integers, names of properties that are any text. */
function tidy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (name, inner: unknown) => {
    if (name === 'maximum' && inner === Number.MAX_SAFE_INTEGER) return undefined
    if (name === 'minimum' && inner === Number.MIN_SAFE_INTEGER) return undefined
    if (name === 'propertyNames') return undefined
    return inner
  }) as T
}

import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { actions } from '../actions/registry.ts'
import { eventFields } from '../events/fields.ts'
import { events } from '../events/names.ts'
import { handlerJsonSchema, type JsonSchema, toJsonSchema } from './json-schema.ts'

const schema = handlerJsonSchema(actions)
/** A part of the schema, references followed. */
const at = (from: unknown, ...path: (string | number)[]): JsonSchema =>
  path.reduce<JsonSchema>(
    (value, name) => resolved((value as Record<string | number, unknown>)[name]),
    resolved(from),
  )
const resolved = (one: unknown): JsonSchema => {
  const { $ref } = (one ?? {}) as JsonSchema
  const name = $ref?.split('/').at(-1)
  if (name === undefined || name === 'template') return one as JsonSchema
  return (schema.definitions as Record<string, JsonSchema>)[name] as JsonSchema
}
const step = at(schema, 'properties', 'steps', 'items')
/** The part of the step's schema that holds for an action. */
const stepOf = (id: string) =>
  at(
    step.allOf?.find(one => at(one, 'if', 'properties', 'action').const === id),
    'then',
  )

describe('the JSON Schema of handler documents', () => {
  it('names every action, and what each takes', () => {
    expect(at(step, 'properties', 'action').enum).toEqual([...actions.keys()])
    for (const [id, { params }] of actions) {
      const taken = Object.keys(toJsonSchema(params).properties ?? {})
      expect(Object.keys(at(stepOf(id), 'properties', 'with').properties ?? {}), id).toEqual(taken)
    }
  })

  it('names every event, and what each can be matched by', () => {
    const event = at(schema, 'properties', 'trigger', 'anyOf', 0)
    expect(at(event, 'properties', 'event', 'anyOf', 0).enum).toEqual(Object.keys(events))
    for (const part of event.allOf ?? []) {
      const name = String(at(part, 'if', 'properties', 'event').const)
      const fields = Object.keys(at(part, 'then', 'properties', 'match').properties ?? {})
      expect(fields).toEqual(
        expect.arrayContaining(Object.keys(eventFields[name as keyof typeof eventFields])),
      )
      expect(fields).toContain('userid')
    }
  })

  it('explains every field of the document', () => {
    const unexplained = Object.entries(schema.properties ?? {}).filter(
      ([, one]) => (one as JsonSchema).description === undefined,
    )
    expect(unexplained).toEqual([])
  })

  it('takes a template wherever a value is bounded, and none where the document itself is read', () => {
    const template = { $ref: '#/definitions/template' }
    expect(at(stepOf('customer.tag'), 'properties', 'with', 'properties', 'add').anyOf).toContainEqual(
      template,
    )
    expect(at(stepOf('script.find'), 'properties', 'with', 'properties', 'query').anyOf).toContainEqual(
      template,
    )
    expect(JSON.stringify(at(schema, 'properties', 'trigger'))).not.toContain('template')
  })

  it('leaves out a pattern whose flags it cannot carry, because it would refuse what the code takes', () => {
    const shape = z.object({ loose: z.string().regex(/^a$/i), exact: z.string().regex(/^a$/) })
    expect(toJsonSchema(shape).properties).toEqual({
      loose: { type: 'string' },
      exact: { type: 'string', pattern: '^a$' },
    })
  })
})

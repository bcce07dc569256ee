import { expect, it } from 'vitest'
import type { JsonSchema } from './json-schema.ts'
import { shareParts } from './share-parts.ts'

const long: JsonSchema = {
  type: 'object',
  properties: {
    title: { type: 'string', minLength: 1, maxLength: 128, description: 'What stands above, in few words' },
    url: {
      type: 'string',
      pattern: '^https?://',
      description: 'Where it leads, with its scheme and its host',
    },
  },
}
const short: JsonSchema = { type: 'string', minLength: 1 }

it('keeps what occurs several times once, and says the same', () => {
  const schema: JsonSchema = {
    properties: { one: long, two: { type: 'array', items: long }, three: short, four: short },
    definitions: {},
  }
  const shared = shareParts(schema)
  expect(shared.properties).toEqual({
    one: { $ref: '#/definitions/shared1' },
    two: { type: 'array', items: { $ref: '#/definitions/shared1' } },
    three: short,
    four: short,
  })
  expect(shared.definitions).toEqual({ shared1: long })
})

it('leaves alone what occurs once, and values that only look like parts', () => {
  const schema: JsonSchema = { properties: { one: long }, default: { properties: long }, definitions: {} }
  expect(shareParts(schema)).toEqual(schema)
})

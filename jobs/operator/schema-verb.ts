import { actions } from '../../bot/actions/registry.ts'
import { handlerJsonSchema, schemaLine } from '../../bot/handlers/json-schema.ts'
import { defineVerb } from './verb.ts'

export const handlersSchema = defineVerb(
  'JSON Schema of handler files, for editors: save it beside them',
  {},
  async () => ({
    data: undefined,
    text: JSON.stringify(handlerJsonSchema(actions), null, 2),
    notes: [`first line of a file then: ${schemaLine('handler.schema.json')}`],
  }),
)

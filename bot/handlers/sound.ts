import { z } from 'zod'
import { type HandlerDocument, handlerDocument, triggerKinds } from './schema.ts'
import { bare, formsOf, meantForms } from './schema-walk.ts'

/** Stands for a part that is not as it should be. What is wrong with it has been told; nothing is said of what follows from it. */
export const unsound: unique symbol = Symbol('unsound')

/** A value of which any part may be unsound. */
export type Sound<T> = unknown extends T
  ? T
  : T extends readonly (infer E)[]
    ? readonly Sound<E>[] | typeof unsound
    : T extends object
      ? { [K in keyof T]: Sound<T[K]> } | typeof unsound
      : T | typeof unsound

/** One that is not unsound itself. */
export type Partly<T> = Exclude<Sound<T>, typeof unsound>

/** What a document says where it is as it should be, so that this can be looked at although something else is wrong. */
export function soundDocument(document: unknown): Sound<HandlerDocument> {
  const parts = soundPart(handlerDocument, document) as Sound<HandlerDocument>
  return parts === unsound ? unsound : { ...parts, trigger: oneTrigger(parts.trigger) }
}

/** The trigger as `soundDocument` has it. */
export function soundTrigger(trigger: unknown): Sound<HandlerDocument['trigger']> {
  return oneTrigger(soundPart(handlerDocument.shape.trigger, trigger) as Sound<HandlerDocument['trigger']>)
}

/** Of two kinds nobody knows which is meant. */
function oneTrigger<T>(trigger: T): T | typeof unsound {
  const kinds = triggerKinds.filter(kind => Object.hasOwn(Object(trigger), kind))
  return kinds.length === 1 ? trigger : unsound
}

function soundPart(schema: z.core.$ZodType, value: unknown): unknown {
  const parsed = z.safeParse(schema, value)
  return parsed.success ? parsed.data : soundWithin(schema, value)
}

/** Of a value that is not as it should be. */
function soundWithin(schema: z.core.$ZodType, value: unknown): unknown {
  const { def } = bare(schema)._zod
  if (def.type === 'array')
    return Array.isArray(value) ? value.map(one => soundPart(def.element, one)) : unsound
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unsound
  switch (def.type) {
    case 'object':
      return soundFields(def.shape, value as Record<string, unknown>)
    case 'record':
      return mapped(value, (_name, one) => soundPart(def.valueType, one))
    case 'union': {
      const meant = meantForms(formsOf(schema), value)
      return meant.length === 0 ? unsound : Object.assign({}, ...meant.map(form => soundWithin(form, value)))
    }
    default:
      return unsound
  }
}

/** Where a name stands that is no field, whatever is missing may be what it was meant for. */
function soundFields(shape: Record<string, z.core.$ZodType>, value: Record<string, unknown>): object {
  const isStrange = Object.keys(value).some(name => !Object.hasOwn(shape, name))
  return mapped(shape, (name, field) =>
    isStrange && !Object.hasOwn(value, name) ? unsound : soundPart(field, value[name]),
  )
}

function mapped<T>(parts: Record<string, T> | object, part: (name: string, one: T) => unknown): object {
  return Object.fromEntries(Object.entries(parts).map(([name, one]) => [name, part(name, one as T)]))
}

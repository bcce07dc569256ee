import type { z } from 'zod'
import { type EventField, eventFields, fieldsOf } from '../events/fields.ts'
import { eventDefinition } from '../events/names.ts'
import { type FactDefinition, type FactType, factTable } from './fact-table.ts'
import { factNames } from './facts.ts'
import { nearest, suggest } from './nearest.ts'
import type { HandlerDocument } from './schema.ts'
import { bare, fieldNames, formsOf, isOpen, partOf } from './schema-walk.ts'
import { type Partly, type Sound, unsound } from './sound.ts'

type Trigger = Sound<HandlerDocument['trigger']>

/** What a condition or a template of a document may name, where it stands. */
export interface KnownFacts {
  trigger: Trigger
  /** The steps that have run there, by their ids, with what they give; undefined where the action is unknown. */
  steps: ReadonlyMap<string, z.ZodType | undefined>
  /** Steps that have not; `unsound` where the id of one is not known, so that it may be any. */
  later: ReadonlySet<string | typeof unsound>
}

/** What a path means: a fact, or why there is none, as the rest of a sentence that begins with `names`. */
export type Meaning = { fact: Omit<FactDefinition, 'means'> } | { problem: string }

const table: Readonly<Record<string, FactDefinition>> = factTable
const any: Meaning = { fact: { type: 'any' } }
const object: Meaning = { fact: { type: 'object' } }
const text: Meaning = { fact: { type: 'text' } }

/** What is said of a run that was asked for, and not begun by an event of the platform. */
const startFields: Readonly<Record<string, FactDefinition>> = {
  handler: { type: 'text', means: 'Key of the handler that was asked for' },
  by: { type: 'text', means: '`schedule`, `manual` or `step`' },
  plannedAt: { type: 'text', means: 'For when, UTC' },
}

/** Finds a fact by its path, down to the fields of events, arguments and outputs of steps. */
export function meaningOf(path: readonly string[], known: KnownFacts): Meaning {
  const [name = '', ...rest] = path
  switch (name) {
    case 'event':
      return rest[0] === 'name' ? text : eventFact(path, known)
    case 'args':
      return argumentFact(path, known.trigger)
    case 'steps':
      return stepFact(path, known)
    case 'customer':
    case 'follow':
      return customerProblem(path.join('.'), known.trigger) ?? tableFact(path, known)
    case 'staff':
      if (known.trigger === unsound || mayName(known.trigger, 'staff')) return tableFact(path, known)
      return { problem: `${path.join('.')}, and ${titleOf(known.trigger)} is about nobody` }
    case 'corp':
    case 'time':
    case 'run':
      return tableFact(path, known)
    default:
      return { problem: `"${name}", which is none of ${factNames.join(', ')}${meant(name, factNames)}` }
  }
}

function meant(name: string, names: readonly string[]): string {
  const near = nearest(name, names)
  return near === undefined ? '' : `; did you mean ${near}?`
}

function tableFact([name = '', field, ...more]: readonly string[], known: KnownFacts): Meaning {
  if (field === undefined) return object
  const fact = table[`${name}.${field}`]
  if (fact !== undefined) return inside(fact, [name, field], more)
  const fields = Object.keys(table).filter(path => path.startsWith(`${name}.`))
  const hint = elsewhere(field, known) ?? suggest(`${name}.${field}`, fields)
  return { problem: `${name}.${field}, which is no fact${hint}` }
}

/** Below which a fact is looked for that stands below another of them. */
const alike = ['customer', 'follow', 'staff', 'time']

/** Facts of that name below other roots, as far as they are there. */
function elsewhere(field: string, known: KnownFacts): string | undefined {
  const same = alike
    .map(name => [name, field])
    .filter(path => Object.hasOwn(table, path.join('.')) && !('problem' in meaningOf(path, known)))
  return same.length === 0 ? undefined : `; did you mean ${same.map(path => path.join('.')).join(' or ')}?`
}

/** A part of a fact: an entry of a list, or its size. */
function inside(
  fact: Omit<FactDefinition, 'means'>,
  path: readonly string[],
  more: readonly string[],
): Meaning {
  const [part, ...deeper] = more
  if (part === undefined) return { fact }
  const isList = fact.type === 'list of text' || fact.type === 'list of objects'
  if (part === 'size' && (isList || fact.type === 'text')) return { fact: { type: 'number' } }
  if (isList && (/^\d+$/.test(part) || part === 'first' || part === 'last'))
    return inside({ type: fact.type === 'list of text' ? 'text' : 'any' }, [...path, part], deeper)
  if (fact.type === 'any' || fact.type === 'object') return any
  return { problem: `${[...path, ...more].join('.')}, and ${path.join('.')} is a ${fact.type} without parts` }
}

function eventFact([, field, ...more]: readonly string[], known: KnownFacts): Meaning {
  if (field === undefined) return object
  const { trigger } = known
  const fields = fieldsOfTrigger(trigger)
  if (trigger === unsound || fields === undefined) return any
  const fact = Object.hasOwn(fields, field) ? fields[field] : undefined
  if (fact !== undefined)
    return inside({ type: fact.type, ...(fact.missing && { missing: true }) }, ['event', field], more)
  const instead = insteadOf[field]
  const names = Object.keys(fields).map(one => `event.${one}`)
  const hint = instead ? `; write ${instead}` : (elsewhere(field, known) ?? suggest(`event.${field}`, names))
  return { problem: `event.${field}, which ${titleOf(trigger)} does not have${hint}` }
}

/** What all events have is not a fact of the event. */
const insteadOf: Readonly<Record<string, string>> = {
  userid: 'staff.userid',
  externalUserid: 'customer.externalUserid',
  corpId: 'corp.corpId',
}

function fieldsOfTrigger(
  trigger: Trigger,
): Readonly<Record<string, EventField | FactDefinition>> | undefined {
  if (trigger === unsound) return undefined
  if ('event' in trigger) return trigger.event === unsound ? undefined : fieldsOf(trigger.event)
  if ('message' in trigger) return eventFields['message.text']
  // A command is typed, or is the key of a menu entry or of a card's button.
  if ('command' in trigger)
    return { ...eventFields['card.clicked'], ...eventFields['menu.clicked'], ...eventFields['message.text'] }
  return startFields
}

/** The trigger in a sentence. */
export function titleOf(trigger: Partly<HandlerDocument['trigger']>): string {
  if ('event' in trigger) return trigger.event === unsound ? 'the event' : trigger.event
  if ('command' in trigger) return 'a command'
  if ('message' in trigger) return 'a message'
  return 'schedule' in trigger ? 'a schedule' : 'a manual start'
}

/** Whether what starts runs of this trigger may name a staff member, or the app that it came to. */
export function mayName(trigger: Partly<HandlerDocument['trigger']>, what: 'staff' | 'app'): boolean {
  if ('schedule' in trigger) return false
  if ('manual' in trigger) return what === 'staff'
  if (!('event' in trigger) || trigger.event === unsound) return true
  return eventDefinition(trigger.event)?.names.includes(what) ?? true
}

/** Whether runs of this trigger may be about a customer. */
export function bringsCustomer(trigger: Partly<HandlerDocument['trigger']>): boolean {
  if ('manual' in trigger) return true
  if (!('event' in trigger)) return false
  if (trigger.event === unsound) return true
  const fields = fieldsOf(trigger.event)
  return fields === undefined || 'externalUserid' in fields
}

function customerProblem(path: string, trigger: Trigger): Meaning | undefined {
  if (trigger === unsound || bringsCustomer(trigger)) return undefined
  const instead =
    'command' in trigger ? '; let a step find one, such as customer.show, and write steps.<id>.output' : ''
  return { problem: `${path}, and ${titleOf(trigger)} is about no customer${instead}` }
}

function argumentFact([, name, ...more]: readonly string[], trigger: Trigger): Meaning {
  if (trigger === unsound) return any
  if ('manual' in trigger) return name === undefined ? object : any
  if (!('command' in trigger))
    return {
      problem: `args${name === undefined ? '' : `.${name}`}, and only commands and manual handlers have arguments`,
    }
  if (name === undefined) return object
  if (trigger.args === unsound) return any
  const argument = trigger.args.find(one => one !== unsound && one.name === name)
  if (argument === undefined || argument === unsound) {
    const names = trigger.args.map(one => one !== unsound && one.name)
    if (!names.every(one => typeof one === 'string')) return any
    const paths = names.map(one => `args.${one}`)
    const hint = names.length === 0 ? '; it has no args' : suggest(`args.${name}`, paths)
    return { problem: `args.${name}, which the command does not have${hint}` }
  }
  if (argument.type === unsound) return any
  if (argument.type === 'number') return inside({ type: 'number' }, ['args', name], more)
  if (argument.type !== 'tags') return inside({ type: 'text' }, ['args', name], more)
  const [list, ...deeper] = more
  if (list === undefined) return object
  if (list === 'add' || list === 'remove')
    return inside({ type: 'list of text' }, ['args', name, list], deeper)
  return { problem: `args.${name}.${list}, and tags have add and remove` }
}

function stepFact([, id, what, ...more]: readonly string[], { steps, later }: KnownFacts): Meaning {
  if (id === undefined) return object
  if (!steps.has(id)) {
    if (later.has(id)) return { problem: `steps.${id}, which has not run there yet` }
    if (later.has(unsound)) return any
    const ids = [...steps.keys()].map(one => `steps.${one}`)
    return { problem: `steps.${id}, which is no earlier step${suggest(`steps.${id}`, ids)}` }
  }
  if (what === undefined) return object
  if (what === 'ok') return inside({ type: 'boolean' }, ['steps', id, 'ok'], more)
  if (what !== 'output') return { problem: `steps.${id}.${what}, and a step has ok and output` }
  const output = steps.get(id)
  return output === undefined ? any : outputFact(output, ['steps', id, 'output'], more)
}

function outputFact(schema: z.core.$ZodType, path: readonly string[], more: readonly string[]): Meaning {
  const [name, ...deeper] = more
  const type = typeOf(schema)
  if (name === undefined || type !== 'object') return inside({ type }, path, more)
  const part = partOf(schema, name, undefined)
  if (part !== undefined) return outputFact(part, [...path, name], deeper)
  const names = fieldNames(schema)
  if (names === undefined || (isOpen(schema) && names.length === 0)) return any
  const paths = names.map(one => [...path, one].join('.'))
  const here = [...path, name].join('.')
  return {
    problem: `${here}, which the step does not give${names.length === 0 ? '; it gives nothing' : suggest(here, paths)}`,
  }
}

function typeOf(schema: z.core.$ZodType): FactType {
  const forms = formsOf(schema)
  const { def } = bare(schema)._zod
  switch (def.type) {
    case 'string':
    case 'enum':
      return 'text'
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'array':
      return typeOf(def.element) === 'text' ? 'list of text' : 'list of objects'
    case 'object':
      return 'object'
    default: {
      const types = new Set(forms.length > 1 ? forms.map(typeOf) : ['any' as const])
      return types.size === 1 ? ([...types][0] ?? 'any') : 'any'
    }
  }
}

import { z } from 'zod'
import { isEventName } from '../events/names.ts'

/** A tree of conditions over facts. `value` is missing for `exists`, which asks for a fact that is there and not empty. */
export type Condition =
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition }
  | { path: string; is: Comparison; value?: unknown }

export const comparisons = ['eq', 'ne', 'in', 'contains', 'prefix', 'gt', 'lt', 'exists'] as const
export type Comparison = (typeof comparisons)[number]

const path = z.string().regex(/^[a-zA-Z][\w-]*(\.[\w-]+)*$/, 'is not a path of facts such as follow.tags')

const condition: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(condition).min(1) }),
    z.strictObject({ any: z.array(condition).min(1) }),
    z.strictObject({ not: condition }),
    z.strictObject({ path, is: z.enum(comparisons), value: z.unknown().optional() }),
  ]),
) as z.ZodType<Condition>

const word = z.string().trim().min(1).max(20).regex(/^\S+$/, 'holds white space')

/** One argument of a command, in the order in which people type them. */
const argument = z.strictObject({
  name: z.string().regex(/^[a-z][\w]*$/i),
  /** For people, in the usage line: `客户 <名字>`. */
  title: z.string().min(1).max(20),
  /** `word` one word (or a quoted text), `rest` all that is left, `tags` signed tag names such as `+VIP -潜在`. */
  type: z.enum(['word', 'rest', 'tags']),
  required: z.boolean().default(true),
})

export const roles = ['admin', 'lead', 'staff'] as const
export type HandlerRole = (typeof roles)[number]

const matchers = z.union([
  z.strictObject({ eq: z.union([z.string(), z.number(), z.boolean()]) }),
  z.strictObject({ prefix: z.string().min(1) }),
  z.strictObject({ in: z.array(z.union([z.string(), z.number()])).min(1) }),
])

const eventTrigger = z.strictObject({
  event: z.string().refine(isEventName, 'is not the name of an event'),
  /** Fields of the event, all of which must fit. Cheap: looked at before any fact is loaded. */
  match: z.record(z.string(), matchers).default({}),
})
const commandTrigger = z.strictObject({
  command: word,
  aliases: z.array(word).max(20).default([]),
  args: z.array(argument).max(6).default([]),
  /** Who may use it; empty means everybody. */
  roles: z.array(z.enum(roles)).default([]),
  /** For people: what it does, one line in the help. */
  summary: z.string().max(60).default(''),
  /** A whole line that works, shown when arguments are missing. */
  example: z.string().max(80).default(''),
})
const messageTrigger = z.strictObject({
  message: z.strictObject({ contains: z.array(z.string().min(1)).min(1) }),
})

const step = z.strictObject({
  id: z.string().regex(/^[a-z][\w-]*$/i, 'is not a name such as welcome'),
  action: z.string(),
  with: z.record(z.string(), z.unknown()).default({}),
  if: condition.optional(),
  /** What a step that finally fails does to the rest of the run. */
  onError: z.enum(['stop', 'continue']).default('stop'),
  retry: z.strictObject({ max: z.number().int().min(0).max(10) }).optional(),
})

const scope = z.strictObject({
  departments: z.array(z.string()).default([]),
  staff: z.array(z.string()).default([]),
  /** A denial wins over everything else. */
  except: z.array(z.string()).default([]),
})

/** A handler document as people write it (see docs/handlers.md). */
export const handlerDocument = z.strictObject({
  schemaVersion: z.literal(1),
  key: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'is not a key such as welcome-spring-fair'),
  title: z.string().min(1).max(60),
  enabled: z.boolean().default(true),
  scope: scope.default({ departments: [], staff: [], except: [] }),
  trigger: z.union([eventTrigger, commandTrigger, messageTrigger], 'is none of event, command, message'),
  when: condition.optional(),
  /** Lower first; ties by key, so the order is total. */
  priority: z.number().int().min(0).max(1_000_000).default(1000),
  /** `stop`: no later handler sees this event, once this one has run without failing. */
  after: z.enum(['continue', 'stop']).default('continue'),
  steps: z.array(step).min(1).max(30),
})

export type HandlerDocument = z.infer<typeof handlerDocument>
export type HandlerStep = HandlerDocument['steps'][number]
export type CommandTrigger = z.infer<typeof commandTrigger>
export type CommandArgument = CommandTrigger['args'][number]
export type EventTrigger = z.infer<typeof eventTrigger>
export type HandlerScope = HandlerDocument['scope']

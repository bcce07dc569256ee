import { z } from 'zod'
import { isEventName } from '../events/names.ts'
import { isCron } from './cron.ts'

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

/** How long, as people write it: `30s`, `10m`, `2h`, `3d`. */
export const duration = z
  .string()
  .regex(/^[1-9]\d{0,4}[smhd]$/, 'is not a duration such as 30s, 10m, 2h or 3d')

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

const scheduleTrigger = z.strictObject({
  /** Five fields, in the corp's time zone. */
  schedule: z.string().refine(isCron, 'is not a cron expression of five fields such as 0 9 * * 1-5'),
})

/** Started by somebody, or by a `handler.schedule` step. */
const manualTrigger = z.strictObject({ manual: z.literal(true) })

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
  /** Who has one of these roles; narrows what the two above say. */
  roles: z.array(z.enum(roles)).default([]),
  /** Agent ids; only what came to one of these apps. Narrows too. */
  apps: z.array(z.string()).default([]),
  /** A denial wins over everything else. */
  except: z.array(z.string()).default([]),
})

const defaultTimeoutMs = 15_000

const run = z.strictObject({
  /** How long one attempt at all of its steps may take. */
  timeoutMs: z.number().int().min(100).max(120_000).default(defaultTimeoutMs),
  /** Nothing is done; the run says what would have been. */
  dryRun: z.boolean().default(false),
  /** Not again for the same staff member and customer within this time; holds back no welcome. */
  cooldown: duration.optional(),
})

/** A handler document as people write it (see docs/handlers.md). */
export const handlerDocument = z.strictObject({
  schemaVersion: z.literal(1),
  key: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'is not a key such as welcome-spring-fair'),
  title: z.string().min(1).max(60),
  enabled: z.boolean().default(true),
  /** Written by exports, for people; publishing raises it whatever it says. */
  revision: z.number().int().min(0).optional(),
  scope: scope.default({ departments: [], staff: [], roles: [], apps: [], except: [] }),
  trigger: z.union(
    [eventTrigger, commandTrigger, messageTrigger, scheduleTrigger, manualTrigger],
    'is none of event, command, message, schedule, manual',
  ),
  when: condition.optional(),
  /** Lower first; ties by key, so the order is total. */
  priority: z.number().int().min(0).max(1_000_000).default(1000),
  /** `stop`: no later handler sees this event, once this one has run without failing. */
  after: z.enum(['continue', 'stop']).default('continue'),
  run: run.default({ timeoutMs: defaultTimeoutMs, dryRun: false }),
  steps: z.array(step).min(1).max(30),
})

export type HandlerDocument = z.infer<typeof handlerDocument>
export type HandlerStep = HandlerDocument['steps'][number]
export type CommandTrigger = z.infer<typeof commandTrigger>
export type CommandArgument = CommandTrigger['args'][number]
export type EventTrigger = z.infer<typeof eventTrigger>
export type ScheduleTrigger = z.infer<typeof scheduleTrigger>
export type HandlerScope = HandlerDocument['scope']

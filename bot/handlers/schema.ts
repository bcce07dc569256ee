import { z } from 'zod'
import { events, isEventName } from '../events/names.ts'
import { cronFault, isCron } from './cron.ts'
import { durationMs } from './duration.ts'
import { suggest } from './nearest.ts'
import { type Comparison, comparisons } from './operators.ts'

/** A tree of conditions over facts. `value` is missing for `exists`, which asks for a fact that is there and not empty. */
export type Condition =
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition }
  | { path: string; is: Comparison; value?: unknown }

const path = z.string().regex(/^[a-zA-Z][\w-]*(\.[\w-]+)*$/, 'is not a path of facts such as follow.tags')

const condition: z.ZodType<Condition> = z
  .lazy(() =>
    z.union([
      z.strictObject({ all: z.array(condition).min(1).describe('All of these hold') }),
      z.strictObject({ any: z.array(condition).min(1).describe('At least one of these holds') }),
      z.strictObject({ not: condition }).describe('This does not hold'),
      z.strictObject({
        path: path.describe('A fact, such as follow.tags'),
        is: z.enum(comparisons).describe('How it is compared'),
        value: z.unknown().optional().describe('What it is compared with; not with exists'),
      }),
    ]),
  )
  .meta({ id: 'condition' }) as z.ZodType<Condition>

/** How long, as people write it: `30s`, `10m`, `2h`, `3d`. */
export const duration = z
  .string()
  .regex(/^[1-9]\d{0,4}[smhd]$/, { error: 'is not a duration such as 30s, 10m, 2h or 3d', abort: true })

const word = z.string().trim().min(1).max(20).regex(/^\S+$/, 'holds white space')

/** One argument of a command, in the order in which people type them. */
const argument = z.strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z]\w*$/, 'is not a name such as who: letters a to z, digits and _ are allowed')
    .describe('What steps refer to as args.<name>'),
  title: z.string().min(1).max(20).describe('For people, in the usage line: 客户 <名字>'),
  type: z
    .enum(['word', 'number', 'rest', 'tags'])
    .describe(
      '`word`: one word, or a text in quotes; number: such as 25800, 25,800 or 1.5, of any width; rest: all that is left; tags: such as +VIP -潜在',
    ),
  min: z.number().optional().describe('Of a number: not less than this'),
  max: z.number().optional().describe('Of a number: not more than this'),
  decimals: z
    .number()
    .int()
    .min(0)
    .max(6)
    .optional()
    .describe('Of a number: at most so many digits after the point; 0 for whole numbers'),
  required: z.boolean().default(true).describe('Whoever leaves it out is told how the command is used'),
})

export const roles = ['admin', 'lead', 'staff'] as const
export type HandlerRole = (typeof roles)[number]

const matchers = z.union([
  z.strictObject({ eq: z.union([z.string(), z.number(), z.boolean()]).describe('Exactly this') }),
  z.strictObject({ prefix: z.string().min(1).describe('Begins with this') }),
  z.strictObject({
    in: z
      .array(z.union([z.string(), z.number()]))
      .min(1)
      .describe('One of these'),
  }),
])

/** The platform tells of no tag and no remark by itself. */
function eventInstead(name: string): string {
  return /^(customer|follow)\.(un)?(tag|remark|updat|chang)[a-z_]*$/.test(name)
    ? '; tags, remarks and other changes come as customer.edited'
    : suggest(name, Object.keys(events))
}

const eventTrigger = z.strictObject({
  event: z
    .string()
    .refine(isEventName, {
      error: ({ input }) =>
        `is not the name of an event${/[*|,，]/.test(String(input)) ? ', and a trigger takes one' : ''}${eventInstead(String(input))}`,
    })
    .describe('Whenever this happens'),
  // Cheap: looked at before any fact is loaded.
  match: z.record(z.string(), matchers).default({}).describe('Fields of the event, all of which must fit'),
})
const commandTrigger = z.strictObject({
  command: word.describe('The word that staff type first, or the key of a menu entry'),
  aliases: z.array(word).max(20).default([]).describe('Other words for it'),
  args: z.array(argument).max(6).default([]).describe('Arguments, in the order in which they are typed'),
  roles: z
    .array(z.enum(roles))
    .default([])
    .describe('Who may use it, an admin always; everybody where empty'),
  summary: z.string().max(60).default('').describe('Its line in the help; the title where empty'),
  example: z.string().max(80).default('').describe('A whole line that works, shown with the usage'),
})
const messageTrigger = z.strictObject({
  message: z
    .strictObject({ contains: z.array(z.string().min(1)).min(1).describe('Any of these words') })
    .describe('Whenever staff write one of these words to the app'),
})

const scheduleTrigger = z.strictObject({
  schedule: z
    .string()
    .refine(isCron, { error: ({ input }) => cronFault(String(input)) })
    .describe('Minute, hour, day, month, weekday, in the corp\u2019s time zone: 0 9 * * 1-5'),
})

const manualTrigger = z.strictObject({
  manual: z.literal(true).describe('Started by somebody, or by a handler.schedule step'),
})

const step = z.strictObject({
  id: z
    .string()
    .regex(/^[a-zA-Z][\w-]*$/, 'is not a name such as welcome: letters a to z, digits, - and _ are allowed')
    .describe('Unique in the handler; later steps refer to steps.<id>'),
  action: z.string().describe('What it does'),
  with: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Parameters of the action; texts may be templates'),
  if: condition.optional().describe('Where it does not hold the step is skipped'),
  onError: z
    .enum(['stop', 'continue'])
    .default('stop')
    .describe('What a step that has failed for good does to the rest of the run'),
  retry: z
    .strictObject({ max: z.number().int().min(0).max(10).describe('Further attempts after the first') })
    .optional()
    .describe('How often a failure that may pass is tried again; two further attempts where not said'),
})

const roleNames = roles.map(role => `role:${role}`).join(', ')
/** Whatever is no role, or one that there is. */
const exception = new RegExp(`^(?!role:)|^role:(${roles.join('|')})$`)

const scope = z.strictObject({
  departments: z
    .array(z.string())
    .default([])
    .describe('Department ids as text, or name:销售部; those below them belong to them'),
  staff: z.array(z.string()).default([]).describe('Userids, in any case'),
  roles: z
    .array(z.enum(roles))
    .default([])
    .describe('Only who has one of these roles; narrows the two above'),
  apps: z.array(z.string()).default([]).describe('Agent ids: only what came to one of these apps'),
  except: z
    .array(z.string().regex(exception, `names a role that nobody has; write ${roleNames}`))
    .default([])
    .describe('Never for these userids, department ids, role:lead or app:1000002; wins over all else'),
})

const defaultTimeoutMs = 15_000

/** It is told from runs, which are kept so long at least. */
const cooldownMaxMs = 30 * 86_400_000

const run = z.strictObject({
  timeoutMs: z
    .number()
    .int()
    .min(100)
    .max(120_000)
    .default(defaultTimeoutMs)
    .describe('Milliseconds that one attempt at all of its steps may take'),
  dryRun: z.boolean().default(false).describe('Nothing is done; the run tells what would have been'),
  cooldown: duration
    // What is no duration has been told of.
    .refine(text => !(durationMs(text) > cooldownMaxMs), 'is more than 30 days; write at most 30d')
    .optional()
    .describe(
      'Not again for the same staff member and customer within 30s, 10m, 2h, 3d, at most 30d; holds back no welcome',
    ),
})

/** A handler document as people write it (see docs/handlers.md). */
export const handlerDocument = z.strictObject({
  schemaVersion: z.literal(1).describe('The form of the document'),
  key: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,63}$/,
      'is not a key such as welcome-spring-fair: small letters a to z, digits and - are allowed, at most 64',
    )
    .describe('Unique in the corp; named in runs and logs'),
  title: z.string().min(1).max(60).describe('For people'),
  enabled: z
    .boolean()
    .default(true)
    .describe(
      'Thrown by publishing where it is written; else the switch stays as it is, and what is new is on',
    ),
  revision: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('Written by exports, for people; publishing raises it whatever it says'),
  scope: scope
    .default({ departments: [], staff: [], roles: [], apps: [], except: [] })
    .describe('Whose events or commands; everybody where empty'),
  trigger: z
    .union([eventTrigger, commandTrigger, messageTrigger, scheduleTrigger, manualTrigger])
    .describe('What starts it: one of event, command, message, schedule, manual'),
  when: condition.optional().describe('Runs only where this holds; a command is not there where it does not'),
  priority: z.number().int().min(0).max(1_000_000).default(1000).describe('Lower first; ties by key'),
  after: z
    .enum(['continue', 'stop'])
    .default('continue')
    .describe('`stop`: no later handler sees this event, once this one has run without failing'),
  run: run.default({ timeoutMs: defaultTimeoutMs, dryRun: false }).describe('How it runs'),
  steps: z.array(step).min(1).max(30).describe('What it does, one step after the other'),
})

/** The fields that tell the triggers apart. */
export const triggerKinds = ['event', 'command', 'message', 'schedule', 'manual'] as const

export type HandlerDocument = z.infer<typeof handlerDocument>
export type HandlerStep = HandlerDocument['steps'][number]
export type CommandTrigger = z.infer<typeof commandTrigger>
export type CommandArgument = CommandTrigger['args'][number]
export type EventTrigger = z.infer<typeof eventTrigger>
export type ScheduleTrigger = z.infer<typeof scheduleTrigger>
export type HandlerScope = HandlerDocument['scope']

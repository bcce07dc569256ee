import { z } from 'zod'
import { relationOf } from '../dispatch/starts.ts'
import { durationMs } from '../handlers/duration.ts'
import { duration } from '../handlers/schema.ts'
import { type ActionContext, ActionRefused, always, defineAction, type Named } from './define.ts'
import { dueMoment, isMoment, isTimeOfDay } from './due-moment.ts'
import { pairOf } from './find-customer.ts'
import { checkManual, keepStart, keptStart, startOf } from './start-handler.ts'

/** So far ahead at most, in milliseconds. */
const aheadMaxMs = 366 * 86_400_000

const texts = {
  past: (at: string): string => `“${at}”已经过去了，写一个将来的时间。`,
  tooFar: '最多只能安排到一年以内。',
}

/** What a handler that is started is given as `args`. */
export const startArgs = z
  .record(
    z.string(),
    z.union([z.string().max(2_000), z.number(), z.boolean(), z.array(z.string().max(200)).max(100)]),
  )
  .refine(args => Object.keys(args).length <= 20, 'holds more than 20 values')
  .refine(
    args => Object.keys(args).every(name => /^[a-zA-Z]\w{0,39}$/.test(name)),
    'holds a name that is not one of letters and digits, such as text',
  )
  .describe(
    'What the handler gets as `args`: up to 20 texts, numbers, lists of texts. What filters reckon is a text, which conditions compare with numbers all the same.',
  )

const params = z
  .strictObject({
    handler: z.string().min(1).describe('Key of a handler whose trigger is `manual: true`'),
    after: duration
      .refine(text => durationMs(text) <= aheadMaxMs, 'is more than a year')
      .optional()
      .describe(
        'How long from now, such as `30m`, `2h`, `3d` (72 hours); with `at`, how many days after today',
      ),
    at: z
      .string()
      .refine(isMoment, 'is not a moment such as 09:00, 2026-03-01 09:00 or 2026-03-01T09:00:00+08:00')
      .optional()
      .describe(
        'When, in the time zone of the corp: `09:00` (the next time that it is), or `2026-03-01 09:00`; at most a year ahead',
      ),
    customer: z
      .string()
      .min(1)
      .optional()
      .describe('Name of the customer whom it is about; the one of the event where left out'),
    args: startArgs.optional(),
  })
  .refine(({ after, at }) => after !== undefined || at !== undefined, {
    ...always,
    error: 'needs after or at',
  })
  .refine(
    ({ after, at }) => after === undefined || at === undefined || (after.endsWith('d') && isTimeOfDay(at)),
    'takes after and at together only as days and a time of day, such as after: 3d, at: "09:00"',
  )

/** When, and about whom, without anything being kept. */
async function plan(context: ActionContext, { handler, after, at, customer, args }: z.output<typeof params>) {
  const named = customer === undefined ? undefined : await pairOf(context, customer)
  const { userid, externalUserid } = named ?? context.event
  const start = startOf(context, {
    handler,
    by: 'step',
    ...(userid !== undefined && { userid }),
    ...(externalUserid !== undefined && { externalUserid }),
    ...(args !== undefined && { args }),
  })
  await checkManual(context, handler)
  const now = new Date(context.clock.now())
  const due = dueMoment({ after, at }, now, context.corp.timeZone)
  if (due === undefined || due < now) throw new ActionRefused('moment_past', texts.past(at ?? ''))
  if (due.getTime() - now.getTime() > aheadMaxMs) throw new ActionRefused('moment_too_far', texts.tooFar)
  return { start, due }
}

/**
 * Has a manual handler run later, for the same staff member and customer. It is called off by switching that handler
 * off, and of itself when a relation that there was ends before: nobody wants to be reminded of a customer who has left.
 */
export const handlerSchedule = defineAction({
  id: 'handler.schedule',
  title: '稍后运行处理器',
  summary:
    'Has a manual handler run later, for the same staff member and customer. It does not run where the handler is switched off by then, or the relation has ended since it was planned.',
  output: z.strictObject({
    at: z.string().describe('When, in UTC'),
    event: z.string().describe('Id of the start, as `inbox show` takes it'),
  }),
  effect: 'write',
  idempotent: true,
  params,
  async run(context, given) {
    // What an attempt that was cut off has made stands, also where its moment has passed meanwhile.
    const kept = await keptStart(context)
    if (kept !== undefined) return kept
    const { start, due } = await plan(context, given)
    const { models, corp } = context
    return keepStart(context, { ...start, ...(await relationOf(models, corp.corpId, start)) }, due)
  },
  async preview(context, given) {
    const { due } = await plan(context, given)
    return { at: due.toISOString() }
  },
  names({ handler }): Named[] {
    return typeof handler === 'string' ? [{ kind: 'manual_handler', name: handler, path: 'handler' }] : []
  },
})

import { z } from 'zod'
import type { Models } from '../../models/models.ts'
import type { Push } from '../../models/push.ts'
import { soundTimeZone } from '../../models/time-zone.ts'
import { JobRequestError } from '../errors.ts'

/** Cut beyond by the platform (`path/90236`). */
const maxTextBytes = 2_048
const maxRecipients = 1_000
/** A push repeats at most this often, in milliseconds. */
const shortestGapMs = 5 * 60_000

const requestSchema = z
  .object({
    key: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'is not 1 to 64 lower-case letters, digits and hyphens'),
    title: z.string().trim().min(1, 'is empty').max(100, 'is longer than 100 characters'),
    to: z
      .array(z.string().regex(/^(@all|[A-Za-z0-9][A-Za-z0-9_.@-]{0,63})$/, 'is not a userid or @all'))
      .min(1, 'names nobody')
      .max(maxRecipients, `names more than ${maxRecipients} people`)
      .refine(to => to.length === 1 || !to.includes('@all'), 'names @all and somebody else'),
    text: z
      .string()
      .min(1, 'is empty')
      .refine(text => Buffer.byteLength(text) <= maxTextBytes, `is longer than ${maxTextBytes} bytes`),
    at: z.date().optional(),
    cron: z.string().optional(),
  })
  .refine(({ at, cron }) => at === undefined || cron === undefined, {
    path: ['at'],
    error: 'and cron exclude each other',
  })

export type PushRequest = z.input<typeof requestSchema>

/**
 * Stores a push, new or in place of the one with the same key, and says when it is due: at `at`, at the next moment of
 * `cron` in the corp's time zone, or now when neither is given.
 *
 * @param next see cron.ts; it throws on an expression that cannot be read.
 * @throws JobRequestError naming the first wrong field.
 */
export async function storePush(
  models: Models,
  corpId: string,
  request: PushRequest,
  next: (cron: string, timeZone: string, after: Date) => Date,
): Promise<{ push: Push; runAt: Date }> {
  const parsed = requestSchema.safeParse(request)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new JobRequestError(`${String(issue?.path[0] ?? 'push')} ${issue?.message}`)
  }
  const corp = await models.corps.findOne({ corpId }).lean()
  if (corp === null) throw new JobRequestError(`there is no corp ${corpId}`)
  const timeZone = soundTimeZone(corp.timeZone)
  const { at, cron, ...rest } = parsed.data
  const now = new Date()
  if (at !== undefined && at <= now) throw new JobRequestError(`at ${at.toISOString()} is over already`)
  if (cron !== undefined) assertGap(from => next(cron, timeZone, from), now)
  const fields = { ...rest, updatedAt: now, ...(at && { at }), ...(cron && { cron }) }
  const push = await models.pushes
    .findOneAndUpdate(
      { corpId, key: rest.key },
      { $set: fields, $unset: { ...(!at && { at: 1 }), ...(!cron && { cron: 1 }) } },
      { upsert: true, returnDocument: 'after' },
    )
    .lean()
  if (push === null) throw new JobRequestError(`push ${rest.key} was removed while it was being stored`)
  return { push, runAt: cron === undefined ? (at ?? now) : next(cron, timeZone, now) }
}

/** Looks at a day's worth of a schedule's moments, at least two. */
function assertGap(next: (from: Date) => Date, from: Date): void {
  let last = next(from)
  for (let i = 0; i < 24; i += 1) {
    const following = next(last)
    if (following.getTime() - last.getTime() < shortestGapMs) {
      throw new JobRequestError('cron repeats more often than every 5 minutes')
    }
    last = following
  }
}

import { present } from '../../models/difference.ts'
import { isDuplicateKey } from '../../models/lock.ts'
import type { Welcome, WelcomeSent } from '../../models/welcome.ts'
import { errorOf } from '../dispatch/step-errors.ts'
import { maskedText } from '../handlers/mask.ts'
import { WecomError } from '../wecom/errors.ts'
import type { ActionContext } from './define.ts'

/**
 * How long a code rests after its process died, in milliseconds: a fraction of the code's 20 s. The lease is renewed
 * while the platform is being asked.
 */
const leaseMs = 5_000
/** The end of a lease that begins now, by the database's clock. */
const leaseEnd = { $add: ['$$NOW', leaseMs] }

/**
 * Whether a row is nobody's: there is none yet, it was left without a welcome, or its holder has given it back or died.
 * Decided inside of a command, by the database's clock, because no upsert can ask for that.
 */
export const isFree = {
  $or: [
    { $eq: [{ $ifNull: ['$state', 'unused'] }, 'unused'] },
    {
      $and: [{ $eq: ['$state', 'sending'] }, { $lte: [{ $ifNull: ['$leaseUntil', new Date(0)] }, '$$NOW'] }],
    },
  ],
}
/** Nothing of it is an expression, whatever it begins with. */
export const own = (value: unknown): object => ({ $literal: value })
export const unlessKnown = (field: string, value: unknown): object => ({
  $ifNull: [`$${field}`, own(value)],
})

/** What becomes of `first` when more is done with a code that was left: what decided at first is told as the reason. */
export const firstReason = {
  $cond: [
    { $and: [{ $eq: ['$state', 'unused'] }, { $eq: [{ $type: '$first' }, 'missing'] }] },
    {
      reason: '$reason',
      handler: '$handler',
      passed: '$passed',
      errcode: '$errcode',
      errmsg: '$errmsg',
      until: '$$NOW',
    },
    '$first',
  ],
}

/** How a welcome ended. */
export interface WelcomeOutcome {
  state: Exclude<Welcome['state'], 'sending' | 'unused' | 'no_code'>
  /** The handler whose welcome it is, or was. */
  handler?: string
  errcode?: number
  errmsg?: string
  /** What the platform was given, where it has answered. */
  sent?: WelcomeSent
}

/** What of an error of the platform's is kept with a code. */
export function answerOf(error: unknown): { errcode?: number; errmsg?: string } {
  if (!(error instanceof WecomError)) return {}
  return { errcode: error.errcode, errmsg: [...error.errmsg].slice(0, 200).join('') }
}

/** A code that this attempt holds, as a filter. */
export interface HeldCode {
  corpId: string
  welcomeCode: string
  state: 'sending'
  holder: string
}

/** How a code was settled before; undefined where it was not. */
export async function settledBefore(
  { models, corp }: ActionContext,
  code: string,
): Promise<WelcomeOutcome | undefined> {
  const row = await models.welcomes.findOne({ corpId: corp.corpId, welcomeCode: code }, outcomeFields).lean()
  return row === null ? undefined : outcomeOf(row)
}

const outcomeFields = { state: 1, handler: 1, sent: 1, errcode: 1 } as const

function outcomeOf({
  state,
  handler,
  sent,
  errcode,
}: Pick<Welcome, 'state' | 'handler' | 'sent' | 'errcode'>): WelcomeOutcome | undefined {
  if (state === 'sending' || state === 'unused' || state === 'no_code') return undefined
  return { state, ...present({ handler, sent, errcode }) }
}

/** Takes the code for `holder`; a code that was settled before gives its outcome, one that somebody else holds is `busy`. */
export async function takeCode(
  context: ActionContext,
  code: string,
  relation: string,
  holder: string,
): Promise<WelcomeOutcome | 'ours' | 'busy'> {
  const { event, handler, revision, expireAt } = context
  const ifFree = (field: string, value: unknown): object => ({ $cond: [isFree, value, `$${field}`] })
  const row = await context.models.welcomes
    .findOneAndUpdate(
      { corpId: context.corp.corpId, welcomeCode: code },
      [
        {
          $set: {
            state: ifFree('state', 'sending'),
            userid: unlessKnown('userid', event.userid ?? ''),
            externalUserid: unlessKnown('externalUserid', event.externalUserid ?? ''),
            event: unlessKnown('event', event.id),
            relation: unlessKnown('relation', relation),
            eventAt: unlessKnown('eventAt', event.createdAt),
            expireAt: unlessKnown('expireAt', expireAt),
            holder: ifFree('holder', own(holder)),
            handler: ifFree('handler', own(handler)),
            revision: ifFree('revision', own(revision)),
            first: firstReason,
            // Why nobody had used it before.
            reason: ifFree('reason', '$$REMOVE'),
            passed: ifFree('passed', '$$REMOVE'),
            attempts: ifFree('attempts', { $add: [unlessKnown('attempts', 0), 1] }),
            leaseUntil: ifFree('leaseUntil', leaseEnd),
          },
        },
      ],
      { upsert: true, returnDocument: 'after', updatePipeline: true },
    )
    .lean()
    .catch((error: unknown) => {
      // Somebody else has just begun the row.
      if (isDuplicateKey(error)) return null
      throw error
    })
  const outcome = row === null ? undefined : outcomeOf(row)
  return outcome ?? (row?.holder === holder ? 'ours' : 'busy')
}

/** Stores how a code ended, and counts it once, however often it is settled. */
export async function settle(
  context: ActionContext,
  code: string,
  outcome: WelcomeOutcome,
): Promise<WelcomeOutcome> {
  const { clock, metrics, models, corp, event } = context
  const { state, errcode, errmsg, sent } = outcome
  // Two processes may have asked when one of them was thought dead: that it was sent is what counts.
  const isSent = state === 'sent'
  const before: Welcome['state'][] = isSent ? ['sending', 'already', 'unused'] : ['sending']
  const answeredAt = new Date(clock.now())
  const trouble = state === 'expired' ? await eventTrouble(context) : undefined
  const settled = await models.welcomes
    .findOneAndUpdate(
      { corpId: corp.corpId, welcomeCode: code, state: { $in: before } },
      {
        $set: {
          ...{ state, answeredAt, ...present({ errcode, errmsg, sent, trouble }) },
          ...(isSent && { handler: context.handler, revision: context.revision }),
        },
        // What an earlier attempt was answered with is not how it ended, nor why the code was given up meanwhile.
        $unset: {
          ...{ leaseUntil: 1, holder: 1 },
          ...(errcode === undefined && { errcode: 1, errmsg: 1 }),
          ...(state !== 'expired' && { trouble: 1 }),
          ...(isSent && { reason: 1, passed: 1 }),
        },
      },
      { returnDocument: 'before', projection: { state: 1 } },
    )
    .lean()
  if (settled !== null && settled.state !== 'already') metrics.welcomes.inc({ state })
  if (settled !== null && isSent)
    metrics.welcomed.observe((answeredAt.getTime() - event.createdAt.getTime()) / 1000)
  return outcome
}

/**
 * With what the event's attempt before this one ended, so that its handlers did not come to their turn: the event forgets
 * it once it is done.
 */
async function eventTrouble({ models, event }: ActionContext): Promise<Welcome['trouble']> {
  const held = await models.inbox.findById(event.id, { error: 1 }).lean()
  // That a run failed says nothing more than the row.
  return held?.error === undefined || held.error.code === 'run_failed' ? undefined : troubleOf(held.error)
}

function troubleOf({ code, message }: NonNullable<Welcome['trouble']>): NonNullable<Welcome['trouble']> {
  return { code, message: maskedText(message, 200) }
}

async function renewCode(context: ActionContext, held: HeldCode): Promise<void> {
  await context.models.welcomes.updateOne(held, [{ $set: { leaseUntil: leaseEnd } }], {
    updatePipeline: true,
  })
}

/** Gives a code back for the next try, with what the platform has answered to this one. */
export async function releaseCode(context: ActionContext, held: HeldCode, error: unknown): Promise<void> {
  const answer = answerOf(error)
  await context.models.welcomes.updateOne(held, {
    $set: { ...answer, trouble: troubleOf(errorOf(error)) },
    $unset: { leaseUntil: 1, holder: 1 },
  })
}

/** Renews the code's lease until it is stopped; stopping waits for a renewal under way, so that none comes after it. */
export function keepLease(context: ActionContext, held: HeldCode): () => Promise<void> {
  let renewing: Promise<unknown> = Promise.resolve()
  const renew = setInterval(() => {
    // A lease that is not renewed costs another process a needless call, which the platform refuses.
    renewing = renewCode(context, held).catch(() => undefined)
  }, leaseMs / 3)
  return async () => {
    clearInterval(renew)
    await renewing
  }
}

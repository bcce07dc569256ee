import { isDuplicateKey } from '../../models/lock.ts'
import type { Welcome } from '../../models/welcome.ts'
import type { ActionContext } from './define.ts'

/**
 * How long a code rests after its process died, in milliseconds: a fraction of the code's 20 s. The lease is renewed
 * while the platform is being asked.
 */
const leaseMs = 5_000
/** The end of a lease that begins now, by the database's clock. */
const leaseEnd = { $add: ['$$NOW', leaseMs] }

/** How a welcome ended. */
export interface WelcomeOutcome {
  state: Exclude<Welcome['state'], 'sending'>
  /** The handler whose welcome it is, or was. */
  handler?: string
  errcode?: number
}

/** A code that this attempt holds, as a filter. */
export interface HeldCode {
  corpId: string
  welcomeCode: string
  state: 'sending'
  holder: string
}

/** Takes the code for `holder`; a code that was settled before gives its outcome, one that somebody else holds is `busy`. */
export async function takeCode(
  context: ActionContext,
  code: string,
  relation: string,
  holder: string,
): Promise<WelcomeOutcome | 'ours' | 'busy'> {
  const { event, handler, expireAt } = context
  // Nothing of it is an expression, whatever it begins with.
  const own = (value: unknown): object => ({ $literal: value })
  const unlessKnown = (field: string, value: unknown): object => ({ $ifNull: [`$${field}`, own(value)] })
  const isFree = {
    $and: [
      { $eq: [unlessKnown('state', 'sending'), 'sending'] },
      { $lte: [unlessKnown('leaseUntil', new Date(0)), '$$NOW'] },
    ],
  }
  const ifFree = (field: string, value: unknown): object => ({ $cond: [isFree, value, `$${field}`] })
  // One command, by one clock: whether it is free is decided inside of it, because no upsert can ask for that.
  const row = await context.models.welcomes
    .findOneAndUpdate(
      { corpId: context.corp.corpId, welcomeCode: code },
      [
        {
          $set: {
            state: unlessKnown('state', 'sending'),
            userid: unlessKnown('userid', event.userid ?? ''),
            externalUserid: unlessKnown('externalUserid', event.externalUserid ?? ''),
            event: unlessKnown('event', event.id),
            relation: unlessKnown('relation', relation),
            eventAt: unlessKnown('eventAt', event.createdAt),
            expireAt: unlessKnown('expireAt', expireAt),
            holder: ifFree('holder', own(holder)),
            handler: ifFree('handler', own(handler)),
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
  if (row === null || row.state === 'sending') return row?.holder === holder ? 'ours' : 'busy'
  return {
    state: row.state,
    ...(row.handler !== undefined && { handler: row.handler }),
    ...(row.errcode !== undefined && { errcode: row.errcode }),
  }
}

/** Stores how a code ended, and counts it once, however often it is settled. */
export async function settle(
  context: ActionContext,
  code: string,
  outcome: WelcomeOutcome,
): Promise<WelcomeOutcome> {
  const { clock, metrics, models, corp, event } = context
  const { state, errcode } = outcome
  // Two processes may have asked when one of them was thought dead: that it was sent is what counts.
  const before: Welcome['state'][] = state === 'sent' ? ['sending', 'already'] : ['sending']
  const answeredAt = new Date(clock.now())
  const settled = await models.welcomes
    .findOneAndUpdate(
      { corpId: corp.corpId, welcomeCode: code, state: { $in: before } },
      {
        $set: { state, answeredAt, ...(errcode !== undefined && { errcode }) },
        $unset: { leaseUntil: 1, holder: 1 },
      },
      { returnDocument: 'before', projection: { state: 1 } },
    )
    .lean()
  if (settled?.state === 'sending') metrics.welcomes.inc({ state })
  if (settled !== null && state === 'sent')
    metrics.welcomed.observe((answeredAt.getTime() - event.createdAt.getTime()) / 1000)
  return outcome
}

async function renewCode(context: ActionContext, held: HeldCode): Promise<void> {
  await context.models.welcomes.updateOne(held, [{ $set: { leaseUntil: leaseEnd } }], {
    updatePipeline: true,
  })
}

/** Gives a code back for the next try. */
export async function releaseCode(context: ActionContext, held: HeldCode): Promise<void> {
  await context.models.welcomes.updateOne(held, { $unset: { leaseUntil: 1, holder: 1 } })
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

import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { useridKey } from '../../models/userid.ts'
import type { WelcomeSent } from '../../models/welcome.ts'
import { maskedText } from '../handlers/mask.ts'
import { WecomError } from '../wecom/errors.ts'
import type { WireAttachment } from '../wecom/wire/customer.ts'
import { NotSettled, rowOf, writeTrajectory } from './customer-writes.ts'
import type { ActionContext } from './define.ts'
import {
  answerOf,
  type HeldCode,
  keepLease,
  releaseCode,
  settle,
  settledBefore,
  takeCode,
  type WelcomeOutcome,
} from './welcome-code.ts'

/** How often somebody else's code is looked at. */
const lookAgainMs = 500
/** How many characters of a welcome are kept, as in the traces of runs. */
const keptMax = 200
/** How long a code lives, in milliseconds (`path/92137`). */
export const codeMs = 20_000

export interface WelcomeContent {
  text: string
  attachments: WireAttachment[]
  /** The same; the ledger keeps its beginning. */
  sent: WelcomeSent
}

/**
 * Where attachments take their files from: the copies that the platform should still have; copies made now, after it
 * said that it has them no more (40007, 40145); nowhere, because a welcome without a picture is better than none.
 */
export type MediaSource = 'held' | 'uploaded' | 'none'
const mediaSources: readonly MediaSource[] = ['held', 'uploaded', 'none']
const mediaGone: ReadonlySet<number> = new Set([40007, 40145])

/**
 * Sends the welcome of an event's code, once per code and once per relation (`path/92137`). The row in the ledger is
 * written before the call; a code whose call was cut off is tried again, because the platform takes a code once only
 * and answers 41051 to the second try.
 *
 * A first attempt is always made, however late: the platform's 41050 decides, because clocks differ.
 *
 * @param content is made only when it is needed
 */
export async function sendWelcome(
  context: ActionContext,
  code: string,
  relation: string,
  content: (media: MediaSource) => Promise<WelcomeContent>,
): Promise<WelcomeOutcome> {
  const held: HeldCode = {
    corpId: context.corp.corpId,
    welcomeCode: code,
    state: 'sending',
    holder: randomUUID(),
  }
  // In its event's turn the welcome was mostly sent long ago.
  const before = context.isAhead ? undefined : await settledBefore(context, code)
  if (before !== undefined) return before
  for (;;) {
    const taken = await takeCode(context, code, relation, held.holder)
    if (taken === 'ours') break
    if (taken !== 'busy') return taken
    // Somebody is sending this very welcome, or died with it: it is settled, or ours, before long.
    await lookAgain(context)
  }
  const stopRenewing = keepLease(context, held)
  // Of the last try; kept when the platform has answered it.
  let given: WelcomeSent | undefined
  try {
    if (!(await claimRelation(context, code, relation))) {
      await stopRenewing()
      return settle(context, code, { state: 'spare' })
    }
    await callPlatform(context, code, async media => {
      const made = await content(media)
      given = keptOf(made.sent)
      return made
    })
  } catch (error) {
    await stopRenewing()
    const outcome = error instanceof WecomError ? finalOutcome(error, context) : undefined
    if (outcome === undefined) {
      await releaseCode(context, held, error)
      throw isUnrelated(error) ? new NotSettled({ cause: error }) : error
    }
    // Nothing was sent with this code, so that another one of the same relation may still be used.
    if (outcome.state !== 'already') await releaseRelation(context, code)
    return settle(context, code, { ...outcome, ...(given && { sent: given }) })
  }
  await stopRenewing()
  await recordWelcome(context, relation)
  return settle(context, code, {
    state: 'sent',
    handler: context.handler,
    ...(given !== undefined && { sent: given }),
  })
}

/** The ledger is there to tell what was sent, and for longer than anybody needs each word of it. */
function keptOf(sent: WelcomeSent): WelcomeSent {
  return { ...sent, text: maskedText(sent.text, keptMax) }
}

/** Waits for a look at what somebody else does. @throws where the run's time is over meanwhile */
async function lookAgain({ signal }: ActionContext): Promise<void> {
  await delay(lookAgainMs, undefined, { signal })
}

async function callPlatform(
  context: ActionContext,
  code: string,
  content: (media: MediaSource) => Promise<WelcomeContent>,
): Promise<void> {
  for (const media of mediaSources) {
    const { text, attachments } = await content(media)
    try {
      await context.client.call(
        'externalcontact/send_welcome_msg',
        {
          welcome_code: code,
          ...(text !== '' && { text: { content: text } }),
          ...(attachments.length > 0 && { attachments }),
        },
        { cause: context.key },
      )
      return
    } catch (error) {
      const gone = error instanceof WecomError && mediaGone.has(error.errcode)
      if (!gone || media === 'none') throw error
    }
  }
}

/** The platform does not know the relation, or not yet (84061). */
function isUnrelated(error: unknown): error is WecomError {
  return error instanceof WecomError && error.errcode === 84061
}

/** What an answer means for good; undefined for what may pass as long as the code lives. */
function finalOutcome(error: WecomError, context: ActionContext): WelcomeOutcome | undefined {
  const { errcode, reaction } = error
  if (isUnrelated(error) && mayLive(context)) return undefined
  const answer = answerOf(error)
  if (errcode === 41051) return { state: 'already', ...answer }
  if (errcode === 41050) return { state: 'expired', ...answer }
  return reaction === 'give_up' || reaction === 'config' || reaction === 'user'
    ? { state: 'refused', ...answer }
    : undefined
}

/** Whether the code of the event has not run out yet. */
export function mayLive({ clock, event }: Pick<ActionContext, 'clock' | 'event'>): boolean {
  return clock.now() - event.createdAt.getTime() < codeMs
}

function pairFilter(context: ActionContext): { corpId: string; useridKey: string; externalUserid: string } {
  return {
    corpId: context.corp.corpId,
    useridKey: useridKey(context.event.userid ?? ''),
    externalUserid: context.event.externalUserid ?? '',
  }
}

/**
 * One code per relation: the first that asks, until it has finally failed. While another one is being sent, this one
 * waits for as long as it lives, because the platform may say that the other has run out.
 */
async function claimRelation(context: ActionContext, code: string, relation: string): Promise<boolean> {
  const { follows, welcomes } = context.models
  const pair = pairFilter(context)
  const replaceable: (string | null)[] = [null, code]
  for (;;) {
    const { matchedCount } = await follows.updateOne(
      { ...pair, 'relation.first': relation, 'relation.welcomeCode': { $in: replaceable } },
      { $set: { 'relation.welcomeCode': code } },
    )
    if (matchedCount === 1) return true
    const follow = await follows.findOne({ ...pair, 'relation.first': relation }, { relation: 1 }).lean()
    // The relation has ended, or a newer one has begun.
    if (follow === null) return false
    const other = follow.relation?.welcomeCode
    // Given up in this moment.
    if (other === undefined) continue
    const row = await welcomes.findOne({ corpId: pair.corpId, welcomeCode: other }, { state: 1 }).lean()
    // Its attempts came to nothing, and no more will be made.
    if (row?.state === 'unused') replaceable.push(other)
    else if (row?.state !== 'sending' || !mayLive(context)) return false
    else await lookAgain(context)
  }
}

async function releaseRelation(context: ActionContext, code: string): Promise<void> {
  await context.models.follows.updateOne(
    { ...pairFilter(context), 'relation.welcomeCode': code },
    { $unset: { 'relation.welcomeCode': 1 } },
  )
}

async function recordWelcome(context: ActionContext, relation: string): Promise<void> {
  const { userid = '', externalUserid = '' } = context.event
  await writeTrajectory(context.models, {
    ...rowOf(context),
    userid,
    externalUserid,
    kind: 'welcomed',
    text: '',
    key: `${relation}/welcomed`,
  })
}

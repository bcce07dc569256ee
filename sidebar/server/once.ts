import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { isDuplicateKey } from '../../models/lock.ts'
import type { Models } from '../../models/models.ts'
import type { ChangeRequest } from '../../models/request.ts'
import { Refused } from './refusals.ts'
import { texts } from './texts.ts'

/** A request by its stored key, and what it asks for. */
export interface Asked {
  corpId: string
  key: string
  content: object
}

/** What a request does. `P` is what it changes, as plain data. */
export interface Work<P extends object> {
  /** Looks at what is there, before anything is changed; undefined where nothing is to be. */
  plan(): Promise<P | undefined>
  /** Carries the plan out; again after a failure, so that every step of it must bear being repeated. */
  run(plan: P, at: Date): Promise<void>
}

/** Longer than an attempt takes: one that died leaves the request to the next after this time, in milliseconds. */
const leaseMs = 30_000
const waitMs = 5_000
const pollMs = 50
const keptMs = 3 * 24 * 60 * 60 * 1000

/**
 * Does the work of a request once, whoever sends it how often. What was left behind half done is done again by the plan
 * of its first attempt, whatever the data look like by now; what needed no change stays without one.
 *
 * @throws Refused `bad_request` for a key of another request, `platform_unavailable` while another attempt goes on
 */
export async function once<P extends object>(models: Models, asked: Asked, work: Work<P>): Promise<void> {
  const claimed = await claim(models, asked)
  if (claimed === undefined) return
  const { corpId, key, leaseUntil } = claimed
  const update = (change: Partial<ChangeRequest>, more: object = {}) =>
    models.requests.updateOne({ corpId, key, ...more }, { $set: change })
  try {
    const plan = (claimed.plan as P | undefined) ?? (await work.plan())
    if (plan !== undefined) {
      if (claimed.plan === undefined) await update({ plan })
      await work.run(plan, claimed.createdAt)
    }
    await update({ doneAt: new Date() })
  } catch (error) {
    // A lease that cannot be given back ends by itself.
    await update({ leaseUntil: new Date(0) }, { leaseUntil }).catch(() => undefined)
    throw error
  }
}

/** The request, for us to do; undefined when it is done. */
async function claim(models: Models, asked: Asked): Promise<ChangeRequest | undefined> {
  const { corpId, key, content } = asked
  const fingerprint = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  const end = Date.now() + waitMs
  for (;;) {
    const now = Date.now()
    try {
      return await models.requests
        .findOneAndUpdate(
          { corpId, key, fingerprint, doneAt: null, leaseUntil: { $lte: new Date(now) } },
          {
            $set: { leaseUntil: new Date(now + leaseMs) },
            $setOnInsert: { createdAt: new Date(now), expireAt: new Date(now + keptMs) },
          },
          { upsert: true, returnDocument: 'after' },
        )
        .orFail()
        .lean()
    } catch (error) {
      // There is one already, which is done, being done, or another request's.
      if (!isDuplicateKey(error)) throw error
    }
    const found = await models.requests.findOne({ corpId, key }).lean()
    if (found !== null && found.fingerprint !== fingerprint) throw new Refused('bad_request', texts.keyUsed)
    if (found?.doneAt) return undefined
    if (Date.now() > end) throw new Refused('platform_unavailable', texts.stillUnderWay)
    await pause(pollMs)
  }
}

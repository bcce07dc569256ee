import { z } from 'zod'
import { useridKey } from '../../models/userid.ts'
import { rowOf, writeTrajectory } from './customer-writes.ts'
import { defineAction } from './define.ts'
import { pairOf } from './find-customer.ts'
import { texts } from './texts.ts'

/** Writes a follow-up record. It is ours alone; the platform knows nothing of it. */
export const customerNote = defineAction({
  id: 'customer.note',
  title: '写跟进',
  effect: 'write',
  idempotent: true,
  params: z.strictObject({ customer: z.string().optional(), text: z.string().trim().min(1).max(2_000) }),
  async run(context, { customer, text }) {
    const pair = await pairOf(context, customer)
    // Whoever writes it is its author, also on a customer whom a colleague follows.
    const userid = customer === undefined ? pair.userid : context.asker.userid
    await writeTrajectory(context.models, {
      ...rowOf(context),
      userid,
      externalUserid: pair.externalUserid,
      kind: 'noted',
      text,
    })
    // What an automation notes is no follow-up; the first one that somebody writes begins it.
    if (customer !== undefined) {
      const follow = {
        corpId: context.corp.corpId,
        useridKey: useridKey(pair.userid),
        externalUserid: pair.externalUserid,
      }
      await context.models.follows.updateOne(follow, { $set: { lastFollowUpAt: context.now } })
      await context.models.follows.updateOne({ ...follow, stage: '待跟进' }, { $set: { stage: '跟进中' } })
    }
    return { text: texts.noted(pair.name, text) }
  },
})

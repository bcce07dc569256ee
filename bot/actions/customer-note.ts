import { z } from 'zod'
import { customerName } from './change-tags.ts'
import { rowOf, writeNote, writeTrajectory } from './customer-writes.ts'
import { defineAction } from './define.ts'
import { pairOf } from './find-customer.ts'
import { texts } from './texts.ts'

/** Writes a follow-up record. It is ours alone; the platform knows nothing of it. */
export const customerNote = defineAction({
  id: 'customer.note',
  title: '写跟进',
  summary:
    'Writes a follow-up record on the customer who is named; of the event\u2019s own customer a record of what happened, which is no follow-up and is not counted as one.',
  output: z.object({ text: z.string().describe('Says so in Chinese, for an answer.') }),
  effect: 'write',
  needs: ['staff', 'customer'],
  idempotent: true,
  params: z.strictObject({
    customer: customerName,
    text: z
      .string()
      .trim()
      .min(1, 'is empty')
      .max(2_000, 'is longer than 2,000 characters')
      .describe('What is to be kept; at most 2,000 characters.'),
  }),
  async run(context, { customer, text }) {
    const pair = await pairOf(context, customer)
    if (customer === undefined) {
      // What an automation notes is no follow-up.
      await writeTrajectory(context.models, {
        ...rowOf(context),
        userid: pair.userid,
        externalUserid: pair.externalUserid,
        kind: 'recorded',
        text,
      })
    } else {
      // Whoever writes it is its author, also on a customer whom a colleague follows.
      await writeNote(context, pair, context.asker.userid, text)
    }
    return { text: texts.noted(pair.name, text) }
  },
  async preview(context, { customer, text }) {
    return { text: texts.noted((await pairOf(context, customer)).name, text) }
  },
})

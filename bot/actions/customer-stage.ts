import { z } from 'zod'
import { type Stage, stages } from '../../models/follow.ts'
import { customerName } from './change-tags.ts'
import { followOf, movedText, type Pair, rowOf, writeTrajectory } from './customer-writes.ts'
import { type ActionContext, ActionRefused, defineAction } from './define.ts'
import { pairOf } from './find-customer.ts'
import { texts } from './texts.ts'

/** Moves a customer to another stage. It is ours alone; the platform knows nothing of it. */
export const customerStage = defineAction({
  id: 'customer.stage',
  title: '改阶段',
  summary: 'Moves the customer of a staff member to another stage; the platform knows nothing of stages.',
  output: z.object({
    from: z.enum(stages).describe('The stage before.'),
    stage: z.enum(stages).describe('The stage now; the same where nothing was to be changed.'),
    text: z.string().describe('Says so in Chinese, for an answer.'),
  }),
  effect: 'write',
  needs: ['staff', 'customer'],
  idempotent: true,
  params: z.strictObject({
    customer: customerName,
    stage: z.enum(stages, `is none of ${stages.join(', ')}`).describe('One of the five stages.'),
  }),
  async run(context, { customer, stage }) {
    const { pair, from, told } = await planStage(context, customer, stage)
    if (from !== stage) {
      // The row first: whoever comes again after a failure in between still finds that both are due.
      const text = movedText(from, stage)
      await writeTrajectory(context.models, { ...pair, ...rowOf(context), kind: 'staged', text })
      await context.models.follows.updateOne({ ...followOf(context, pair), stage: from }, { $set: { stage } })
    }
    return told
  },
  preview: async (context, { customer, stage }) => (await planStage(context, customer, stage)).told,
})

async function planStage(context: ActionContext, customer: string | undefined, stage: Stage) {
  const { name, ...found } = await pairOf(context, customer)
  const pair: Pair = found
  const follow = await context.models.follows.findOne(followOf(context, pair), { stage: 1 }).lean()
  if (follow === null) throw new ActionRefused('customer_unknown', texts.customerUnknown(name))
  const from = follow.stage
  const text = from === stage ? texts.stageUnchanged(name, stage) : texts.staged(name, from, stage)
  return { pair, from, told: { from, stage, text } }
}

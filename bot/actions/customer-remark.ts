import { z } from 'zod'
import { customerName } from './change-tags.ts'
import { writeRemark } from './customer-writes.ts'
import { defineAction } from './define.ts'
import { pairOf } from './find-customer.ts'
import { texts } from './texts.ts'

/** The platform takes no longer remark, in characters (`path/92115`). */
const remarkMax = 20

/** Changes the staff member's remark of a customer (`path/92115`). */
export const customerRemark = defineAction({
  id: 'customer.remark',
  title: '改备注',
  summary: 'Changes the staff member’s remark of a customer; longer than 20 characters is cut.',
  output: z.object({
    remark: z.string().describe('As it was written.'),
    cut: z.boolean().describe('It was longer than 20 characters.'),
    text: z.string().describe('Says so in Chinese, for an answer.'),
  }),
  effect: 'write',
  needs: ['staff', 'customer'],
  idempotent: true,
  params: z.strictObject({
    customer: customerName,
    remark: z.string().trim().min(1, 'is empty').describe('The remark; beyond 20 characters it is cut.'),
  }),
  async run(context, { customer, remark }) {
    const pair = await pairOf(context, customer)
    const told = toldOf(pair.name, remark)
    await writeRemark(context, pair, told.remark)
    return told
  },
  async preview(context, { customer, remark }) {
    return toldOf((await pairOf(context, customer)).name, remark)
  },
})

function toldOf(name: string, wanted: string) {
  const characters = [...wanted]
  const remark = characters.slice(0, remarkMax).join('').trim()
  return { remark, cut: characters.length > remarkMax, text: texts.remarked(name, remark) }
}

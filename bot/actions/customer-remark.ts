import { z } from 'zod'
import { writeRemark } from './customer-writes.ts'
import { defineAction } from './define.ts'
import { pairOf } from './find-customer.ts'
import { texts } from './texts.ts'

/** Changes the staff member's remark of a customer (`path/92115`); longer than 20 characters is cut. */
export const customerRemark = defineAction({
  id: 'customer.remark',
  title: '改备注',
  summary: 'Changes the staff member’s remark of a customer; longer than 20 characters is cut.',
  output: z.object({ remark: z.string(), text: z.string() }),
  effect: 'write',
  needs: ['staff', 'customer'],
  idempotent: true,
  params: z.strictObject({ customer: z.string().optional(), remark: z.string().trim().min(1) }),
  async run(context, { customer, remark }) {
    const pair = await pairOf(context, customer)
    const cut = [...remark].slice(0, 20).join('')
    await writeRemark(context, pair, cut)
    return { remark: cut, text: texts.remarked(pair.name, cut) }
  },
})

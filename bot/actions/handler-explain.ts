import { z } from 'zod'
import { visibleAmong } from '../../models/scope.ts'
import { explainCustomer } from '../handlers/why.ts'
import { tellAdmin } from '../handlers/why-tell.ts'
import { ActionRefused, defineAction } from './define.ts'
import { findFollow } from './find-customer.ts'

/** An external user id, as against a name: `wm`, `wo` or `wb`, and more than anybody is called. */
const externalUserid = /^w[mob][\w-]{16,}$/

const command = '处理器 为什么'
const unnamed = `请写上客户的名字、备注或 ID，例如：${command} 张三`

/** Why a customer got a welcome and tags, or did not, for a chat bubble; only adds to those whom the asker may see. */
export const handlerExplain = defineAction({
  id: 'handler.explain',
  title: '查欢迎语和标签',
  summary:
    'Tells why a customer got a welcome and tags from handlers, or did not: the newest add whole, the others a line each.',
  output: z.object({
    externalUserid: z.string().describe('The customer'),
    text: z.string().describe('All of it in Chinese, for an answer'),
  }),
  effect: 'read',
  idempotent: true,
  params: z.strictObject({
    customer: z
      .string()
      .trim()
      .default('')
      .describe('a name, as the other commands take it, or an external user id'),
  }),
  async run(context, { customer }) {
    const { models, actions, corp, asker } = context
    if (customer === '') throw new ActionRefused('customer_unnamed', unnamed)
    const id = externalUserid.test(customer) ? customer : (await findFollow(context, customer)).externalUserid
    const why = await explainCustomer({ models, actions }, corp.corpId, id, {}, new Date(context.clock.now()))
    const adds = await visibleAmong(models, asker, why.adds)
    // Whoever may see none of it learns no more than of somebody who is not there.
    const name = adds.length > 0 || asker.role === 'admin' ? why.name : ''
    return {
      externalUserid: id,
      text: tellAdmin(
        { ...why, name, adds, near: name === '' && asker.role !== 'admin' ? [] : why.near },
        new Date(context.clock.now()),
      ),
    }
  },
})

import { actions } from '../../bot/actions/registry.ts'
import { explainCustomer, type Why } from '../../bot/handlers/why.ts'
import { inEnglish, tellOperator } from '../../bot/handlers/why-tell.ts'
import { readMoment } from './moments.ts'
import { corp, defineVerb } from './verb.ts'

export const handlersWhy = defineVerb(
  'Why a customer got a welcome and tags, or did not: the last five adds, the newest first',
  {
    customer: { type: 'positional', required: true, description: 'External userid' },
    staff: { type: 'string', description: 'Only the adds of this staff member' },
    since: { type: 'string', description: 'Only adds from this moment on, like 2h (ago) or 3d' },
    corp,
  },
  async (args, open) => {
    const since = args.since === undefined ? undefined : readMoment('--since', args.since)
    const { models, corpId } = await open()
    const why = await explainCustomer({ models, actions }, await corpId(args.corp), args.customer.trim(), {
      ...(args.staff !== undefined && { staff: args.staff }),
      ...(since !== undefined && { since }),
    })
    return { data: withWords(why), text: tellOperator(why), failed: why.adds.length === 0 }
  },
)

/** Each finding with what it says, for whoever reads the JSON. */
function withWords({ adds, staff: _staff, handlers: _handlers, ...why }: Why): object {
  return {
    ...why,
    adds: adds.map(add => ({
      ...add,
      findings: add.findings.map(found => ({ ...found, ...inEnglish(found) })),
    })),
  }
}

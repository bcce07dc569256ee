import { actions } from '../../bot/actions/registry.ts'
import { searchFollows, theOne } from '../../bot/actions/search-follows.ts'
import { explainCustomer, type Why } from '../../bot/handlers/why.ts'
import { inEnglish, tellOperator } from '../../bot/handlers/why-tell.ts'
import type { Follow } from '../../models/follow.ts'
import { readMoment } from './moments.ts'
import { type Answer, corp, defineVerb } from './verb.ts'

export const handlersWhy = defineVerb(
  'Why a customer got a welcome and tags, or did not: the last five adds, the newest first',
  {
    customer: {
      type: 'positional',
      required: true,
      description: 'External userid, or a name or remark, also a part of it',
    },
    staff: { type: 'string', description: 'Only the adds of this staff member' },
    since: { type: 'string', description: 'Only adds from this moment on, like 2h (ago) or 3d' },
    corp,
  },
  async (args, open): Promise<Answer> => {
    const since = args.since === undefined ? undefined : readMoment('--since', args.since)
    const { models, corpId: corpOf } = await open()
    const corpId = await corpOf(args.corp)
    const named = args.customer.trim()
    const explain = (externalUserid: string): Promise<Why> =>
      explainCustomer({ models, actions }, corpId, externalUserid, {
        ...(args.staff !== undefined && { staff: args.staff }),
        ...(since !== undefined && { since }),
      })
    const why = await explain(named)
    if (why.adds.length > 0 || why.name !== '') return told(why)
    const operator = { corpId, userid: '', role: 'admin', leads: [] } as const
    const found = await searchFollows(models, operator, named)
    const meant = theOne(found, named)
    if (meant !== undefined) return told(await explain(meant.externalUserid))
    return found.length === 0 ? told(why) : several(named, found)
  },
)

const told = (why: Why): Answer => ({
  data: withWords(why),
  text: tellOperator(why),
  failed: why.adds.length === 0,
})

/** How many are listed when a name fits several. */
const listMax = 20

function several(named: string, found: readonly Follow[]): Answer {
  const rows = found.slice(0, listMax).map(one => ({
    customer: one.externalUserid,
    name: one.customerName,
    remark: one.remark,
    staff: one.userid,
    state: one.status,
  }))
  const more = found.length > listMax ? `, of whom ${listMax} are listed` : ''
  return {
    data: { customers: rows },
    rows,
    notes: [
      `${found.length} customers are called "${named}" or the like${more}: give the external userid of one`,
    ],
    failed: true,
  }
}

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

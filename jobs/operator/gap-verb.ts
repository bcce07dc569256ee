import { corp, defineVerb, when } from './verb.ts'

/** More than anybody looks at. */
const shownMax = 100

export const inboxGaps = defineVerb(
  'Times in which events may have got lost, and how they were reconciled; the newest first',
  { corp },
  async (args, open) => {
    const { models, corpIds } = await open()
    const data = await models.gaps
      .find({ corpId: { $in: await corpIds(args.corp) } })
      .select({ _id: 0, before: 0 })
      .sort({ from: -1 })
      .limit(shownMax)
      .lean()
    const rows = data.map(({ corpId, from, to, reason, state, missed, syncs, closedAt }) => {
      const { customers } = syncs ?? {}
      const read = customers && `${customers.state}, ${customers.counts.updated} updated`
      return {
        from: when(from),
        to: when(to),
        corp: corpId,
        reason,
        state,
        missed,
        customers: read,
        closed: when(closedAt),
      }
    })
    return { data, rows }
  },
)

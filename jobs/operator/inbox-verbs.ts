import { redacted } from '../../bot/dispatch/redact.ts'
import { type ReplayOutcome, replayEvent } from '../../bot/dispatch/replay.ts'
import type { Models } from '../../models/models.ts'
import type { Welcome } from '../../models/welcome.ts'
import { type FoundEvent, filterArgs, findEvents, readFilter } from './inbox-filter.ts'
import { asYaml, defineVerb, UsageError, unattended, when } from './verb.ts'

const limit = { type: 'string', description: 'How many, at most 1000', default: '20' } as const

function readLimit(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 1_000)
    throw new UsageError('--limit is a number from 1 to 1000')
  return count
}

export const inboxList = defineVerb(
  'Events and messages, the newest first',
  { ...filterArgs, limit },
  async (args, open) => {
    const most = readLimit(args.limit)
    const { models, corpIds } = await open()
    const filter = readFilter(args, await corpIds(args.corp))
    const data: FoundEvent[] = []
    for await (const event of findEvents(models, filter, args.code)) {
      data.push(event)
      if (data.length === most) break
    }
    const rows = data.map(event => {
      const { _id: id, createdAt, name, app, state, attempts } = event
      const error = event.state === 'done' ? event.failed[0]?.code : reasonOf(event).code
      return { at: when(createdAt), event: name, app, state, attempts, error, id }
    })
    return { data, rows }
  },
)

export const inboxShow = defineVerb(
  'One event with its plain XML, what handlers did with it, and its welcomes',
  { id: { type: 'positional', required: true, description: 'As listed' } },
  async ({ id }, open) => {
    const { models } = await open()
    const event = await models.inbox.findById(id).lean()
    if (event === null) throw new UsageError(`there is no event ${id}`)
    const runs = await models.runs.find({ corpId: event.corpId, event: id }).select({ _id: 0 }).lean()
    // Also of what is kept whole because a replay would need it.
    const shown = runs.map(run => ({ ...run, ...redacted(run) }))
    const data = { ...event, runs: shown, welcomes: await welcomesOf(models, event) }
    return { data, text: asYaml(data) }
  },
)

/** The ledger's rows of the codes that the event brought, or that were used for the relation that it began. */
async function welcomesOf(
  models: Models,
  { _id: id, corpId, orderKey }: { _id: string; corpId: string; orderKey: string },
): Promise<Welcome[]> {
  const [, externalUserid] = /^customer:(.+)$/.exec(orderKey) ?? []
  if (externalUserid === undefined) return []
  const rows = await models.welcomes
    .find({ corpId, externalUserid })
    .sort({ eventAt: -1 })
    .select({ _id: 0 })
    .lean()
  return rows.filter(row => row.event === id || row.relation === id)
}

const { state: _state, ...deadArgs } = filterArgs
/** So many are looked at for the counts. */
const countedMax = 10_000

export const inboxDead = defineVerb(
  'What was given up and why: counts by reason, then the newest ones',
  { ...deadArgs, limit },
  async (args, open) => {
    const most = readLimit(args.limit)
    const { models, corpIds } = await open()
    const filter = readFilter({ ...args, state: 'dead' }, await corpIds(args.corp))
    const reasons = new Map<string, DeadReason & { count: number; newest: Date }>()
    const found: FoundEvent[] = []
    let count = 0
    for await (const event of findEvents(models, filter, args.code)) {
      if (count === countedMax) break
      count += 1
      if (found.length < most) found.push(event)
      const reason = { event: event.name, ...reasonOf(event) }
      const key = JSON.stringify([reason.event, reason.handler, reason.step, reason.code])
      const known = reasons.get(key) ?? { ...reason, count: 0, newest: event.createdAt }
      reasons.set(key, { ...known, count: known.count + 1 })
    }
    const groups = [...reasons.values()].sort((a, b) => b.count - a.count)
    const head = groups.map(({ count, event, handler, step, code, message, newest }) => {
      return { count, event, handler, step, code, newest: when(newest), message }
    })
    const rows = found.map(event => {
      const { handler, step, code } = reasonOf(event)
      return { at: when(event.createdAt), event: event.name, handler, step, code, id: event._id }
    })
    const more = count === countedMax ? `only the newest ${countedMax} are counted` : undefined
    return { data: { count, reasons: groups, events: found }, head, rows, notes: [more] }
  },
)

interface DeadReason {
  event: string
  handler?: string
  step?: string
  code?: string
  message?: string
}

/** Why an event failed: the step that did where one did, else what is stored with the event. */
function reasonOf({ failed, error }: FoundEvent): Omit<DeadReason, 'event'> {
  return failed[0] ?? { ...(error !== undefined && { code: error.code, message: error.message }) }
}

const outcomes = {
  replayed: 'waits again',
  unknown: 'left: there is no such event',
  waiting: 'left: it waits already',
  busy: 'left: its queue is being worked on; try again',
} as const satisfies Record<ReplayOutcome, string>

export const inboxReplay = defineVerb(
  'Have events handled again: those named, or those that the options choose (the dead ones, unless --state done)',
  {
    'id…': { type: 'positional', required: false, description: 'As listed' },
    ...filterArgs,
    fresh: { type: 'boolean', description: 'Do everything again, not only what failed', default: false },
    yes: { type: 'boolean', description: 'Do it; without, options only tell how many', default: false },
  },
  async (args, open) => {
    const named = args._
    const options = Object.keys(filterArgs).filter(name => args[name] !== undefined)
    if (named.length > 0 && options.length > 0)
      throw new UsageError(`events are named or chosen by options: leave out the ids, or --${options[0]}`)
    const { models, jobs, corpIds } = await open()
    const chosen = named.length > 0 ? [...new Set(named)] : await choose(args)
    if (named.length === 0 && !args.yes) {
      const text = `${chosen.length} events would be replayed; --yes does it`
      return { data: { events: chosen.length }, text }
    }
    const data: { id: string; outcome: ReplayOutcome }[] = []
    for (const id of chosen) data.push({ id, outcome: await replayEvent(models, id, args) })
    const rows = data.map(({ id, outcome }) => ({ id, result: outcomes[outcome] }))
    // One that was named and cannot be replayed is a failure; of many, some may have moved on meanwhile.
    const failed = named.length > 0 && data.some(({ outcome }) => outcome !== 'replayed')
    return { data, rows, failed, notes: [await unattended(jobs)] }

    async function choose({ state = 'dead', ...rest }: typeof args): Promise<string[]> {
      if (state === 'waiting') throw new UsageError('what waits is handled anyway; --state is done or dead')
      if (options.length === 0)
        throw new UsageError('name events, or choose them by options, like --since 2h')
      const filter = readFilter({ ...rest, state }, await corpIds(args.corp))
      const ids: string[] = []
      for await (const { _id } of findEvents(models, filter, args.code)) ids.push(_id)
      // In the order in which they came.
      return ids.reverse()
    }
  },
)

import type { Corp } from '../../models/corp.ts'
import type { Customer } from '../../models/customer.ts'
import type { Follow } from '../../models/follow.ts'
import type { Gap } from '../../models/gap.ts'
import type { HandlerRevision, HandlerSwitch, StoredHandler } from '../../models/handler.ts'
import type { InboxEvent } from '../../models/inbox-event.ts'
import type { Models } from '../../models/models.ts'
import type { Run } from '../../models/run.ts'
import { soundTimeZone } from '../../models/time-zone.ts'
import type { Trajectory } from '../../models/trajectory.ts'
import type { Welcome } from '../../models/welcome.ts'
import type { ActionTable } from '../actions/define.ts'
import { compileHandler, HandlerInvalid } from './compile.ts'

/** What is read of one customer at most. The newest count: nobody asks about the oldest of so many. */
const most = { follows: 200, events: 300, runs: 300, welcomes: 100, revisions: 10_000, gaps: 50 } as const

/** What of a handler's document tells what it could have done, as it was written. */
export interface WrittenHandler {
  title?: unknown
  trigger?: unknown
  priority?: unknown
  steps?: unknown
}

/** A handler with all that it has been; one that was removed has only its revisions. */
export interface HandlerPast {
  key: string
  live?: { enabled: boolean; revision: number; document?: WrittenHandler; switched?: HandlerSwitch[] }
  /** The oldest first. */
  revisions: { revision: number; document: WrittenHandler; publishedAt: Date; by?: string }[]
}

/** Everything that is held about one customer of a corp, and about the handlers that might have done something. */
export interface Records {
  corp: Pick<Corp, 'timeZone' | 'paused'>
  customer?: Customer
  follows: Follow[]
  /** What the customer's queue has held, the newest first. */
  events: InboxEvent[]
  runs: Run[]
  /** The ledger, the newest first. */
  welcomes: Welcome[]
  /** Rows of the trajectory that say that a welcome was sent; they outlive the ledger. */
  welcomed: Pick<Trajectory, 'key' | 'at'>[]
  handlers: HandlerPast[]
  /** Problems of stored documents that do not compile, as far as they were looked at, by key. */
  broken: Map<string, string>
  /** The newest first. */
  gaps: Gap[]
  /** The oldest event that is still kept: what was before it cannot be known any more. */
  keptSince?: Date
  /** Labels of the corp tags that the follows bear, by their ids. */
  tags: ReadonlyMap<string, string>
  /** Names of the staff members who follow, by useridKey. */
  staff: ReadonlyMap<string, string>
}

/** What `WrittenHandler` has of a document: texts of welcomes are of no interest here. */
const written = {
  'document.title': 1,
  'document.trigger': 1,
  'document.priority': 1,
  'document.steps.id': 1,
  'document.steps.action': 1,
  'document.steps.with.add': 1,
} as const

/** Reads all that `explain` needs, by a dozen queries with an index each, whatever the customer's history. */
export async function readRecords(models: Models, corpId: string, externalUserid: string): Promise<Records> {
  const of = { corpId, externalUserid }
  const [corp, customer, follows, events, runs, welcomes, handlers, gaps, oldest] = await Promise.all([
    models.corps.findOne({ corpId }, { timeZone: 1, paused: 1 }).lean(),
    models.customers.findOne(of).lean(),
    models.follows.find(of).limit(most.follows).lean(),
    models.inbox
      .find({ corpId, orderKey: `customer:${externalUserid}` })
      .sort({ createdAt: -1 })
      .limit(most.events)
      .lean(),
    models.runs.find(of).sort({ startedAt: -1 }).limit(most.runs).lean(),
    models.welcomes.find(of).sort({ eventAt: -1 }).limit(most.welcomes).lean(),
    readHandlers(models, corpId),
    models.gaps.find({ corpId }).sort({ from: -1 }).limit(most.gaps).lean(),
    models.inbox.findOne({ corpId }, { createdAt: 1 }).sort({ createdAt: 1, arrival: 1 }).lean(),
  ])
  const firsts = follows.flatMap(({ relation, past = [] }) => [relation, ...past].map(one => one?.first))
  const keys = firsts.filter(first => first !== undefined).map(first => `${first}/welcomed`)
  const tagIds = [...new Set(follows.flatMap(follow => follow.tags))]
  const [welcomed, tags, staff] = await Promise.all([
    models.trajectories.find({ corpId, key: { $in: keys } }, { key: 1, at: 1 }).lean(),
    models.tags.find({ corpId, tagId: { $in: tagIds } }).lean(),
    models.staff.find({ corpId, useridKey: { $in: follows.map(one => one.useridKey) } }).lean(),
  ])
  return {
    corp: { ...corp, timeZone: soundTimeZone(corp?.timeZone) },
    ...(customer !== null && { customer }),
    follows,
    events,
    runs,
    welcomes,
    welcomed,
    handlers,
    broken: new Map(),
    gaps,
    ...(oldest !== null && { keptSince: oldest.createdAt }),
    tags: new Map(tags.map(tag => [tag.tagId, `${tag.groupName}/${tag.name}`])),
    staff: new Map(staff.map(one => [one.useridKey, one.name])),
  }
}

async function readHandlers(models: Models, corpId: string): Promise<HandlerPast[]> {
  const shown = { key: 1, revision: 1 } as const
  const [live, revisions] = await Promise.all([
    models.handlers
      .find({ corpId }, { ...shown, enabled: 1, switched: 1, ...written })
      .lean<StoredHandler[]>(),
    models.handlerRevisions
      .find({ corpId }, { ...shown, publishedAt: 1, by: 1, ...written })
      .sort({ key: 1, revision: 1 })
      .limit(most.revisions)
      .lean<HandlerRevision[]>(),
  ])
  const pasts = new Map<string, HandlerPast>()
  const pastOf = (key: string): HandlerPast => {
    const known = pasts.get(key) ?? { key, revisions: [] }
    pasts.set(key, known)
    return known
  }
  for (const { key, enabled, revision, document, switched } of live)
    pastOf(key).live = { enabled, revision, ...(document && { document }), ...(switched && { switched }) }
  for (const { key, revision, document, publishedAt, by } of revisions)
    pastOf(key).revisions.push({ revision, document, publishedAt, ...(by !== undefined && { by }) })
  return [...pasts.values()]
}

/** How many documents are compiled to see whether they are broken at most. */
const compiledMost = 50

/** What is wrong with those of these handlers whose stored document does not compile, by key. */
export async function readBroken(
  models: Models,
  corpId: string,
  keys: readonly string[],
  actions: ActionTable,
): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map()
  const stored = await models.handlers
    .find({ corpId, key: { $in: keys.slice(0, compiledMost) } }, { key: 1, document: 1 })
    .lean()
  const broken = new Map<string, string>()
  for (const { key, document } of stored) {
    try {
      compileHandler(document, 0, actions)
    } catch (error) {
      if (!(error instanceof HandlerInvalid)) throw error
      broken.set(key, error.problems.map(one => `${one.path} ${one.message}`).join('; '))
    }
  }
  return broken
}

/** How many near spellings are told at most. */
const nearMost = 3
/** Characters that people take for each other when they copy an id by hand. */
const alike = ['0Oo', '1lIi', '5Ss', '2Zz', '8B']

/**
 * External user ids that look like this one: another case, or a character that is easily misread. WeCom tells ids apart
 * by case.
 */
export async function nearSpellings(models: Models, corpId: string, id: string): Promise<string[]> {
  const pattern = [...id]
    .map(character => {
      const same = alike.find(one => one.includes(character))
      return same === undefined ? character.replace(/[^\w-]/, '\\$&') : `[${same}]`
    })
    .join('')
  const found = await models.customers
    .find({ corpId, externalUserid: new RegExp(`^${pattern}$`, 'i') }, { externalUserid: 1 })
    .limit(nearMost)
    .lean()
  return found.map(one => one.externalUserid)
}

/**
 * A customer who came to the same staff member within a day of `at` and brought a welcome code: where there is one, the
 * admin console has no welcome of its own for this member.
 */
export async function codeOfAnother(
  models: Models,
  corpId: string,
  add: { useridKey: string; at: Date },
): Promise<Date | undefined> {
  const day = 24 * 60 * 60 * 1000
  const near = { $gte: new Date(add.at.getTime() - day), $lte: new Date(add.at.getTime() + day) }
  const found = await models.follows
    .findOne(
      { corpId, useridKey: add.useridKey, addedAt: near, 'relation.welcomeCode': { $exists: true } },
      { addedAt: 1 },
    )
    .lean()
  return found?.addedAt
}

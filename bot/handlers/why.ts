import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
import type { ActionTable } from '../actions/define.ts'
import type { Finding, FindingCode } from './why-codes.ts'
import { namesIn } from './why-names.ts'
import { heldLater, type PassedOver, passedOver, unexplained } from './why-passed.ts'
import { titleOf } from './why-past.ts'
import { codeOfAnother, nearSpellings, type Records, readBroken, readRecords } from './why-read.ts'
import { type Add, addsOf } from './why-relations.ts'
import { explainTags } from './why-tags.ts'
import { explainWelcome } from './why-welcome.ts'

/** How many adds are told of. */
const addsMax = 5

/** Whether somebody was welcomed, as far as is known. */
export type WelcomeVerdict = 'sent' | 'not_sent' | 'pending' | 'uncertain' | 'unknown'
/** Whether handlers have marked tags; `none`: none was to. */
export type TagVerdict = 'marked' | 'not_marked' | 'pending' | 'uncertain' | 'unknown' | 'none'

/** What was found out about one time that a customer came to a staff member. */
export interface WhyAdd {
  userid: string
  useridKey: string
  staffName: string
  at: Date
  endedAt?: Date
  /** Inbox key of the event that announced it. */
  event?: string
  welcome: WelcomeVerdict
  tags: TagVerdict
  /**
   * What decided first comes first, what tells of tags comes behind it. Where a welcome was sent, the handlers that were
   * on and would have sent another one come last.
   */
  findings: Finding[]
}

/** The answer to "why was there no welcome, why no tag?" for one customer. */
export interface Why {
  corpId: string
  externalUserid: string
  /** Empty where no name is held. */
  name: string
  timeZone: string
  /** The newest five, the newest first. */
  adds: WhyAdd[]
  /** How many older ones there are. */
  older: number
  /** Where nothing at all is held of this id: ids that look like it. */
  near: string[]
  /** Titles of the handlers that are named, by key. */
  handlers: Record<string, string>
  /** Names of the staff members who follow or are named, by useridKey. */
  staff: Record<string, string>
  /** Names of the departments that are named. */
  departments: Record<string, string>
}

/**
 * Finds out for a customer of a corp what became of each add: from the inbox, the runs, the ledger, the relations and
 * what the handlers were at that time. Changes nothing.
 *
 * @param only a staff member's adds (in any case), and those since a moment
 */
export async function explainCustomer(
  { models, actions }: { models: Models; actions: ActionTable },
  corpId: string,
  externalUserid: string,
  only: { staff?: string; since?: Date } = {},
  now = new Date(),
): Promise<Why> {
  const records = await readRecords(models, corpId, externalUserid)
  const { staff, since } = only
  const adds = addsOf(records).filter(
    one =>
      (staff === undefined || one.useridKey === useridKey(staff)) && (since === undefined || one.at >= since),
  )
  const shown = adds.slice(0, addsMax)
  for (const add of shown) {
    if (add.events.length === 0 || add.events.some(one => one.said && 'welcomeCode' in one.said.data))
      continue
    const at = await codeOfAnother(models, corpId, add)
    if (at !== undefined) add.anotherHadCode = at
  }
  const suspects = [...new Set(shown.flatMap(add => unexplained(add, records)))]
  records.broken = await readBroken(models, corpId, suspects, actions)
  const isKnown = records.follows.length > 0 || records.events.length > 0 || records.welcomes.length > 0
  const titles = records.handlers.map(({ key, live, revisions }) => {
    return [key, titleOf(live?.document ?? revisions.at(-1)?.document, key)]
  })
  const told = shown.map(add => explainAdd(add, records, now))
  const names = await namesIn(models, corpId, told.flatMap(idsOf))
  return {
    corpId,
    externalUserid,
    name: records.customer?.name ?? '',
    timeZone: records.corp.timeZone,
    adds: told,
    older: adds.length - shown.length,
    near: isKnown ? [] : await nearSpellings(models, corpId, externalUserid),
    handlers: Object.fromEntries(titles),
    staff: { ...Object.fromEntries(records.staff), ...names.staff },
    departments: names.departments,
  }
}

/** What of an add's findings holds ids of people and departments: who switched or paused, and reasons of scopes. */
function idsOf({ findings }: WhyAdd): string[] {
  return findings.flatMap(({ code, data }) => {
    const { by, onBy, userid, why } = data as Partial<Record<'by' | 'onBy' | 'userid' | 'why', string>>
    const people = code.startsWith('handler_') || code === 'paused' ? [by, onBy, userid] : []
    return [...people, code === 'handler_scope' ? why : undefined].filter(one => one !== undefined)
  })
}

function explainAdd(add: Add, records: Records, now: Date): WhyAdd {
  const { userid, useridKey: key, at, endedAt, first } = add
  const over = passedOver(add, records)
  const passed = over.map(one => one.found)
  const ofWelcome = explainWelcome(add, records, passed, now)
  const welcome = welcomeVerdict(ofWelcome)
  const told = new Set(ofWelcome)
  const ofRuns = [...explainTags(add, records), ...heldLater(add, records)]
  // Where all are paused, or a handler has done its work, what kept the others away is not asked.
  const isAsked = (one: Finding): boolean =>
    one.about !== 'welcome' &&
    !told.has(one) &&
    !(one.code === 'handler_paused' && ofWelcome.some(({ code }) => code === 'paused')) &&
    !(one.code === 'handler_match' && ofRuns.length > 0)
  const asked = passed.filter(isAsked)
  // Whoever was welcomed may have been welcomed by the wrong handler: why none of the others did it is asked as well.
  const rivals = welcome === 'sent' ? over.filter(isRival).map(({ found }) => found) : []
  const ofTags = [...ofRuns, ...asked]
  const tags = tagVerdict([...ofWelcome.filter(one => one.about === 'both'), ...ofTags], welcome)
  const isStopped = [...ofWelcome, ...ofTags].some(({ code }) => code === 'handler_after')
  const decided = (one: Finding): boolean =>
    // Where an earlier handler stops the rest on purpose, to switch on what is off is no advice.
    !(isStopped && one.code === 'handler_off') && hasDecided(one, { welcome, tags, first: ofWelcome[0] })
  return {
    userid,
    useridKey: key,
    staffName: records.staff.get(key) ?? userid,
    at,
    ...(endedAt && { endedAt }),
    ...(first !== undefined && { event: first }),
    welcome,
    tags,
    findings: [
      ...ofWelcome,
      ...ofRuns,
      ...asked.filter(one => !rivals.includes(one)).map((one): Finding => ({ ...one, about: 'tag' })),
      ...rivals.map((one): Finding => (asked.includes(one) ? one : { ...one, about: 'welcome' })),
    ].map(one => (decided(one) ? one : { ...one, aside: true })),
  }
}

const isRival = ({ found, wasOn }: PassedOver): boolean => wasOn && found.about !== 'tag'

/** Whether something is missing because of a finding, as against what was so besides. */
function hasDecided(
  { code, about }: Finding,
  { welcome, tags, first }: Pick<WhyAdd, 'welcome' | 'tags'> & { first: Finding | undefined },
): boolean {
  if (!code.startsWith('handler_') && code !== 'dry_run' && code !== 'tag_dry_run') return true
  // Without a code no handler could have welcomed.
  const isCodeless = first?.code === 'no_code' || first?.code === 'colleague'
  if (about !== 'tag' && welcome === 'not_sent' && !isCodeless) return true
  // That a handler keeps others away when it has done its work is what it was written for.
  return about !== 'welcome' && tags === 'not_marked' && code !== 'handler_after'
}

const verdicts: Partial<Record<FindingCode, WelcomeVerdict>> = {
  sent: 'sent',
  sending: 'pending',
  event_waiting: 'pending',
  event_retrying: 'pending',
  uncertain: 'uncertain',
  records_gone: 'unknown',
  unexplained: 'unknown',
}

function welcomeVerdict([first]: readonly Finding[]): WelcomeVerdict {
  if (first === undefined) return 'unknown'
  if (first.code === 'other_app' && !first.data.over) return 'pending'
  return verdicts[first.code] ?? 'not_sent'
}

const tagVerdicts: Partial<Record<FindingCode, TagVerdict>> = {
  tagged: 'marked',
  tag_held: 'marked',
  tag_awaits: 'pending',
  tag_retrying: 'pending',
  event_waiting: 'pending',
  event_retrying: 'pending',
  tag_uncertain: 'uncertain',
  records_gone: 'unknown',
}

/** By the best that became of any tag. */
function tagVerdict(findings: readonly Finding[], welcome: WelcomeVerdict): TagVerdict {
  if (findings.length === 0) return welcome === 'unknown' ? 'unknown' : 'none'
  const found = new Set(findings.map(({ code }) => tagVerdicts[code] ?? 'not_marked'))
  const best = (['marked', 'pending', 'uncertain', 'unknown'] as const).find(one => found.has(one))
  return best ?? 'not_marked'
}

import { addWayName } from '../../models/add-way.ts'
import { askerOf } from '../../models/asker.ts'
import type { Customer } from '../../models/customer.ts'
import type { Follow } from '../../models/follow.ts'
import type { Asker } from '../../models/scope.ts'
import type { Staff } from '../../models/staff.ts'
import { useridKey } from '../../models/userid.ts'
import { type FindStaff, findStaff } from '../actions/find-staff.ts'
import { UnknownApp } from '../apps.ts'
import type { BotEvent } from '../events/parse.ts'
import type { FactsOf } from '../handlers/fact-table.ts'
import { daysFact, type Facts, momentFact, timeFacts } from '../handlers/facts.ts'
import type { HandlerRole } from '../handlers/schema.ts'
import { createKept } from '../kept.ts'
import type { AppClient } from '../wecom/client.ts'
import type { DispatchDeps } from './deps.ts'

/** What is known around an event when its handlers are asked. */
export interface Surroundings {
  facts: Facts
  asker: Asker
  corp: { corpId: string; name: string; timeZone: string; agentId: string }
  client: AppClient
  /** The app that answers: the one that was written to, where it may speak. */
  voice: AppClient
  /** The staff member's departments and all above them. */
  departments: ReadonlySet<string>
  /** What the staff member is; an admin who leads a department is both. */
  roles: ReadonlySet<HandlerRole>
  /** The app that the event came to, where it names one. */
  appId?: string
}

/** What is held of an event's customer and its follow. */
export interface Held {
  customer: (Pick<Customer, 'name' | 'type'> & Partial<Customer>) | null
  follow: (Pick<Follow, 'remark' | 'tags' | 'stage'> & Partial<Follow>) | null
}

/**
 * Of a staff member whose customers come by the hundred; as old as the departments may be. Whoever writes is looked up
 * anew, because what they may do depends on it.
 */
const keptStaff = createKept<Staff | null>(5_000)

/**
 * Loads the facts of an event from the database.
 *
 * @param name what the event turned out to be
 * @param find for whoever must not store a member who has not been synced
 */
export async function loadSurroundings(
  deps: DispatchDeps,
  event: BotEvent,
  name: string,
  find: FindStaff = findStaff,
): Promise<Surroundings> {
  const around = await loadStaffFacts(deps, event, name, find)
  if (event.externalUserid === undefined) return around
  const held = await loadHeld(deps, event, ['customer', 'follow'])
  return { ...around, facts: { ...around.facts, ...(await customerFacts(deps, event, held)) } }
}

/** Whom the event names; kept for a while where a customer's event does, of which many may come at once. */
async function staffOf(
  deps: DispatchDeps,
  { corpId, userid = '', externalUserid }: BotEvent,
  client: AppClient,
  find: FindStaff,
): Promise<Staff | null> {
  if (userid === '') return null
  const look = (): Promise<Staff | null> => find(deps.models, client, corpId, userid)
  if (externalUserid === undefined) return look()
  return keptStaff.get(deps.models, `${corpId}:${useridKey(userid)}`, look)
}

/** The facts of an event but those of its customer. */
export async function loadStaffFacts(
  deps: DispatchDeps,
  event: BotEvent,
  name: string,
  find: FindStaff = findStaff,
): Promise<Surroundings> {
  const { corpId, userid = '' } = event
  const [corp, client] = await Promise.all([deps.apps.corp(corpId), deps.apps.client(corpId)])
  const staff = await staffOf(deps, event, client, find)
  const asker = await askerOf(deps, corpId, userid, staff)
  const own = staff?.departments ?? []
  return {
    corp: { corpId, name: corp.name, timeZone: corp.timeZone, agentId: client.agentId },
    client,
    voice: await voiceOf(deps, event, client),
    asker,
    departments: await deps.directory.above(corpId, own),
    roles: new Set([asker.role, ...((staff?.leads ?? []).length > 0 ? (['lead'] as const) : [])]),
    ...(event.agentId !== undefined && { appId: event.agentId }),
    facts: {
      event: { ...event.data, name },
      corp: { corpId, name: corp.name, timeZone: corp.timeZone },
      staff: {
        userid: staff?.userid ?? userid,
        name: staff?.name ?? userid,
        departments: own,
        role: asker.role,
        position: staff?.position ?? '',
      },
      customer: {},
      follow: {},
      time: timeFacts(new Date(deps.clock.now()), corp.timeZone, corp.office),
      args: {},
      steps: {},
      run: {},
    },
  }
}

/** The app that a message was written to; the corp's own where that one only receives. */
async function voiceOf(
  { apps }: DispatchDeps,
  { corpId, agentId }: BotEvent,
  own: AppClient,
): Promise<AppClient> {
  if (agentId === undefined || agentId === own.agentId) return own
  try {
    return await apps.client(corpId, agentId)
  } catch (error) {
    if (error instanceof UnknownApp) return own
    throw error
  }
}

/** What the database holds of an event's customer; only what is asked for is looked at. */
export async function loadHeld(
  { models }: DispatchDeps,
  { corpId, userid = '', externalUserid = '' }: BotEvent,
  wanted: readonly ('customer' | 'follow')[],
): Promise<Held> {
  const [customer, follow] = await Promise.all([
    wanted.includes('customer') ? models.customers.findOne({ corpId, externalUserid }).lean() : null,
    wanted.includes('follow')
      ? models.follows.findOne({ corpId, useridKey: useridKey(userid), externalUserid }).lean()
      : null,
  ])
  return { customer, follow }
}

/** What is held of a customer as conditions and templates see it. */
export async function customerFacts(
  { models, apps, clock }: Pick<DispatchDeps, 'models' | 'apps' | 'clock'>,
  { corpId, externalUserid = '' }: BotEvent,
  { customer, follow }: Held,
): Promise<Pick<Facts, 'customer' | 'follow'>> {
  const own = new Set(follow?.tags)
  const anybodys = new Set(customer?.tags)
  const tagIds = [...new Set([...own, ...anybodys])]
  const [{ timeZone }, known] = await Promise.all([
    apps.corp(corpId),
    tagIds.length === 0
      ? []
      : models.tags.find({ corpId, tagId: { $in: tagIds } }, { tagId: 1, name: 1, groupName: 1 }).lean(),
  ])
  const tags = known.filter(tag => own.has(tag.tagId))
  return {
    customer: {
      externalUserid,
      name: customer?.name ?? '',
      type: customer?.type ?? 0,
      gender: customer?.gender ?? 0,
      corpName: customer?.corpName ?? '',
      position: customer?.position ?? '',
      tags: known.filter(tag => anybodys.has(tag.tagId)).map(tag => tag.name),
    },
    follow: {
      ...followFacts(follow ?? {}, new Date(clock.now()), timeZone),
      tags: tags.map(tag => tag.name),
      groupedTags: tags.map(tag => `${tag.groupName}/${tag.name}`),
    },
  }
}

function followFacts(
  follow: Partial<Follow>,
  now: Date,
  timeZone: string,
): Omit<FactsOf<'follow'>, 'tags' | 'groupedTags'> {
  const { addWay, lastFollowUpAt } = follow
  // What the platform tells of a relation comes a moment after its announcement.
  const addedAt = follow.addedAt ?? follow.relation?.at
  return {
    status: follow.status ?? '',
    remark: follow.remark ?? '',
    description: follow.description ?? '',
    personalTags: follow.personalTags ?? [],
    stage: follow.stage ?? '待跟进',
    state: follow.state ?? '',
    addWay: addWay ?? null,
    addWayName: addWay === undefined ? '' : addWayName(addWay),
    addedAt: momentFact(addedAt, timeZone),
    days: daysFact(addedAt, now, timeZone),
    lastFollowUpAt: momentFact(lastFollowUpAt, timeZone),
    quietDays: daysFact(lastFollowUpAt, now, timeZone),
  }
}

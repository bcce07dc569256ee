import { present } from '../../models/difference.ts'
import { memberFields } from '../../models/from-wecom.ts'
import type { Asker } from '../../models/scope.ts'
import type { Staff } from '../../models/staff.ts'
import { useridKey } from '../../models/userid.ts'
import type { BotEvent } from '../events/parse.ts'
import { type Facts, timeFacts } from '../handlers/facts.ts'
import type { AppClient } from '../wecom/client.ts'
import { WecomError, WecomNetworkError } from '../wecom/errors.ts'
import type { DispatchDeps } from './deps.ts'

/** What is known around an event when its handlers are asked. */
export interface Surroundings {
  facts: Facts
  asker: Asker
  corp: { corpId: string; name: string; timeZone: string; agentId: string }
  client: AppClient
  /** The staff member's departments and all above them. */
  departments: ReadonlySet<string>
}

/** Loads the facts of an event from the database. `name` is what the event turned out to be. */
export async function loadSurroundings(
  deps: DispatchDeps,
  event: BotEvent,
  name: string,
): Promise<Surroundings> {
  const { corpId, userid = '', externalUserid } = event
  const [corp, client, staff] = await Promise.all([
    deps.apps.corp(corpId),
    deps.apps.client(corpId),
    userid === '' ? null : findStaff(deps, corpId, userid),
  ])
  const leads = staff === null ? [] : await deps.directory.below(corpId, staff.leads)
  const role = roleOf(deps, corpId, userid, staff)
  const own = staff?.departments ?? []
  return {
    corp: { corpId, name: corp.name, timeZone: corp.timeZone, agentId: client.agentId },
    client,
    asker: { corpId, userid, role, leads },
    departments: await deps.directory.above(corpId, own),
    facts: {
      event: { ...event.data, name },
      corp: { name: corp.name },
      staff: { userid: staff?.userid ?? userid, name: staff?.name ?? userid, departments: own, role },
      ...(externalUserid === undefined
        ? { customer: {}, follow: {} }
        : await customerFacts(deps, corpId, userid, externalUserid)),
      time: timeFacts(new Date(), corp.timeZone, corp.office),
      args: {},
      steps: {},
    },
  }
}

/** How long an event waits for a member who has not been synced. */
const patienceMs = 1_000

/** The member as synced; one who joined since is read from the platform (`path/90196`) and kept. */
async function findStaff(deps: DispatchDeps, corpId: string, userid: string): Promise<Staff | null> {
  const key = { corpId, useridKey: useridKey(userid) }
  const known = await deps.models.staff.findOne(key).lean()
  if (known !== null) return known
  const client = await deps.apps.client(corpId)
  try {
    const member = await client.call('user/get', { userid }, { cause: 'staff', budgetMs: patienceMs })
    await deps.models.staff.updateOne(
      key,
      { $setOnInsert: { ...present(memberFields(member)), contactsCustomers: false } },
      { upsert: true },
    )
    return await deps.models.staff.findOne(key).lean()
  } catch (error) {
    // Whoever cannot be read counts as an ordinary member; the event must not suffer for it.
    if (error instanceof WecomError || error instanceof WecomNetworkError) return null
    throw error
  }
}

function roleOf(deps: DispatchDeps, corpId: string, userid: string, staff: Staff | null): Asker['role'] {
  const { admins } = deps
  const named = admins.userids.some(admin => useridKey(admin) === useridKey(userid))
  if (named && corpId === admins.corpId) return 'admin'
  return staff !== null && staff.leads.length > 0 ? 'lead' : 'staff'
}

async function customerFacts(
  deps: DispatchDeps,
  corpId: string,
  userid: string,
  externalUserid: string,
): Promise<Pick<Facts, 'customer' | 'follow'>> {
  const [customer, follow] = await Promise.all([
    deps.models.customers.findOne({ corpId, externalUserid }).lean(),
    deps.models.follows.findOne({ corpId, useridKey: useridKey(userid), externalUserid }).lean(),
  ])
  const tags =
    follow === null || follow.tags.length === 0
      ? []
      : await deps.models.tags.find({ corpId, tagId: { $in: follow.tags } }, { name: 1 }).lean()
  return {
    customer: {
      externalUserid,
      name: customer?.name ?? '',
      corpName: customer?.corpName ?? '',
      type: customer?.type ?? 0,
    },
    follow: {
      remark: follow?.remark ?? '',
      tags: tags.map(tag => tag.name),
      stage: follow?.stage ?? '待跟进',
      state: follow?.state ?? '',
      addWay: follow?.addWay ?? null,
    },
  }
}

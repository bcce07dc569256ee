import { askerOf } from '../../models/asker.ts'
import type { Asker } from '../../models/scope.ts'
import { useridKey } from '../../models/userid.ts'
import { findStaff } from '../actions/find-staff.ts'
import type { BotEvent } from '../events/parse.ts'
import { type Facts, timeFacts } from '../handlers/facts.ts'
import type { AppClient } from '../wecom/client.ts'
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
  const [corp, client] = await Promise.all([deps.apps.corp(corpId), deps.apps.client(corpId)])
  const staff = userid === '' ? null : await findStaff(deps.models, client, corpId, userid)
  const asker = await askerOf(deps, corpId, userid, staff)
  const own = staff?.departments ?? []
  return {
    corp: { corpId, name: corp.name, timeZone: corp.timeZone, agentId: client.agentId },
    client,
    asker,
    departments: await deps.directory.above(corpId, own),
    facts: {
      event: { ...event.data, name },
      corp: { name: corp.name },
      staff: {
        userid: staff?.userid ?? userid,
        name: staff?.name ?? userid,
        departments: own,
        role: asker.role,
      },
      ...(externalUserid === undefined
        ? { customer: {}, follow: {} }
        : await customerFacts(deps, corpId, userid, externalUserid)),
      time: timeFacts(new Date(), corp.timeZone, corp.office),
      args: {},
      steps: {},
    },
  }
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

import { z } from 'zod'
import type { AppClient } from '../../bot/wecom/client.ts'
import { WecomError } from '../../bot/wecom/errors.ts'
import type { WireGroupChat } from '../../bot/wecom/wire/group.ts'
import type { Group } from '../../models/group.ts'
import type { Models } from '../../models/models.ts'
import { visibleAmong } from '../../models/scope.ts'
import { useridKey } from '../../models/userid.ts'
import type { Api } from './call.ts'
import type { SidebarDeps } from './deps.ts'
import { groupView } from './group-view.ts'
import { isPassing, Refused } from './refusals.ts'
import type { Who } from './session.ts'
import { createThrottle } from './throttle.ts'

const keptMs = 60_000
const freshEveryMs = 3_000
/** How old a group may be that is shown while the platform cannot be asked: who is in it decides who may see it. */
const heldMs = 24 * 60 * 60 * 1000
/** No such group, not one of ours, or a dismissed one. */
const goneErrcodes: ReadonlySet<number> = new Set([40050, 40058, 86001, 86003, 49008])

/** Reads groups, from what is held or from the platform. */
export interface Groups {
  /**
   * @throws Refused `not_found` or `not_your_group`; what the platform answers when nothing is held
   */
  open(who: Who, chatId: string, fresh: boolean): Promise<Group>
}

export function createGroups(deps: SidebarDeps): Groups {
  const { models, corpId } = deps
  const throttle = createThrottle(freshEveryMs)
  return {
    async open(who, chatId, fresh) {
      const held = await models.groups.findOne({ corpId, chatId }).lean()
      const recent = held !== null && deps.now().getTime() - held.readAt.getTime() < keptMs
      const group =
        recent && !fresh
          ? held
          : await throttle(useridKey(who.userid), chatId, async () =>
              readGroup(models, await deps.client(), corpId, chatId),
            ).catch((error: unknown) => {
              const usable = held !== null && deps.now().getTime() - held.readAt.getTime() < heldMs
              return orHeld(usable ? held : null, error)
            })
      if (!(await maySee(models, who, group))) throw new Refused('not_your_group')
      return group
    },
  }
}

export function addGroupRoutes(api: Api, deps: SidebarDeps, groups: Groups): void {
  api.get('groups/:chatId', async call => {
    const { fresh } = call.query(z.strictObject({ fresh: z.enum(['0', '1']).default('0') }))
    const group = await groups.open(call.who, call.id('chatId'), fresh === '1')
    return groupView(deps.models, call.who, group)
  })
}

/** Reads the group from the platform (`path/92122`) and keeps it. */
async function readGroup(
  models: Models,
  client: Pick<AppClient, 'call'>,
  corpId: string,
  chatId: string,
): Promise<Group> {
  const { group_chat } = await client.call('externalcontact/groupchat/get', { chat_id: chatId, need_name: 1 })
  const fields = groupFields(group_chat)
  await models.groups.updateOne({ corpId, chatId }, { $set: fields }, { upsert: true })
  return { corpId, chatId, ...fields }
}

function groupFields(wire: WireGroupChat): Omit<Group, 'corpId' | 'chatId'> {
  return {
    name: wire.name ?? '',
    owner: wire.owner,
    notice: wire.notice ?? '',
    createdAt: new Date(wire.create_time * 1000),
    admins: (wire.admin_list ?? []).map(one => one.userid),
    members: wire.member_list.map(one => ({
      userid: one.userid,
      type: one.type,
      name: one.name ?? '',
      groupNickname: one.group_nickname ?? '',
      joinedAt: new Date(one.join_time * 1000),
      joinScene: one.join_scene,
      ...(one.state && { state: one.state }),
      ...(one.invitor && { invitor: one.invitor.userid }),
    })),
    readAt: new Date(),
  }
}

/** What was held is better than nothing while the platform cannot be asked; a refusal is an answer. */
function orHeld(held: Group | null, error: unknown): Group {
  if (isPassing(error) && held !== null) return held
  const gone = error instanceof WecomError && goneErrcodes.has(error.errcode)
  throw gone ? new Refused('not_found', undefined, { cause: error }) : error
}

/** Its members on our side, its owner, whoever leads the owner, and admins. */
async function maySee(models: Models, who: Who, group: Group): Promise<boolean> {
  const own = useridKey(who.userid)
  const staff = group.members.filter(member => member.type === 1).map(member => useridKey(member.userid))
  if (staff.includes(own)) return true
  const owner = await visibleAmong(models, who.asker, [{ useridKey: useridKey(group.owner) }])
  return owner.length > 0
}

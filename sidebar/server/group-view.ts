import type { Group } from '../../models/group.ts'
import type { Models } from '../../models/models.ts'
import { visibleAmong } from '../../models/scope.ts'
import { useridKey } from '../../models/userid.ts'
import type { GroupMember, GroupView } from '../api.ts'
import type { Who } from './session.ts'
import { staffNames } from './timeline.ts'

/** The group as the page shows it: who of the members is whose customer, and whom the asker may open. */
export async function groupView(models: Models, who: Who, group: Group): Promise<GroupView> {
  const { corpId, chatId, members } = group
  const external = members.filter(member => member.type !== 1).map(member => member.userid)
  const [follows, customers] = await Promise.all([
    models.follows
      .find(
        { corpId, externalUserid: { $in: external }, status: 'active' },
        { externalUserid: 1, useridKey: 1, userid: 1 },
      )
      .lean(),
    models.customers
      .find({ corpId, externalUserid: { $in: external } }, { externalUserid: 1, name: 1 })
      .lean(),
  ])
  const [visible, names] = await Promise.all([
    visibleAmong(models, who.asker, follows),
    staffNames(models, corpId, [
      ...follows.map(one => one.userid),
      ...members.flatMap(member => (member.type === 1 ? member.userid : [])),
    ]),
  ])
  const mine = new Set(visible.map(one => one.externalUserid))
  const nicknames = new Map(customers.map(one => [one.externalUserid, one.name]))
  const admins = new Set(group.admins.map(useridKey))
  return {
    chatId,
    name: group.name,
    owner: names.get(useridKey(group.owner)) ?? group.owner,
    notice: group.notice,
    createdAt: group.createdAt.toISOString(),
    readAt: group.readAt.toISOString(),
    members: members.map((member): GroupMember => {
      const staff = member.type === 1
      const key = useridKey(member.userid)
      const followers = staff ? [] : follows.filter(one => one.externalUserid === member.userid)
      return {
        id: member.userid,
        name: (staff ? names.get(key) : nicknames.get(member.userid)) || member.name,
        groupNickname: member.groupNickname,
        kind: staff ? 'staff' : followers.length > 0 ? 'customer' : 'outsider',
        mine: !staff && mine.has(member.userid),
        followers: followers.map(one => names.get(one.useridKey) ?? one.userid),
        joinedAt: member.joinedAt.toISOString(),
        isOwner: staff && key === useridKey(group.owner),
        isAdmin: staff && admins.has(key),
      }
    }),
  }
}

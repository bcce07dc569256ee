import { addWayName } from '../../models/add-way.ts'
import type { Follow } from '../../models/follow.ts'
import type { Models } from '../../models/models.ts'
import type { Profile, TagGroups, TagView } from '../api.ts'
import { openCustomer, type Sight } from './customer-access.ts'
import type { Who } from './session.ts'
import { staffNames, timelineOf } from './timeline.ts'

/** All that the page shows of a customer. @throws Refused as `openCustomer` */
export async function profileOf(models: Models, who: Who, externalUserid: string): Promise<Profile> {
  return buildProfile(models, await openCustomer(models, who, externalUserid))
}

async function buildProfile(models: Models, sight: Sight): Promise<Profile> {
  const { follow, follows, editable, past } = sight
  const { corpId, externalUserid } = follow
  const [customer, tags, names, page] = await Promise.all([
    past ? null : models.customers.findOne({ corpId, externalUserid }).lean(),
    tagViews(models, follow),
    staffNames(
      models,
      corpId,
      follows.map(one => one.userid),
    ),
    timelineOf(models, sight),
  ])
  const nameOf = (one: Follow): string => names.get(one.useridKey) ?? one.userid
  const others = follows.filter(one => !past && one.useridKey !== follow.useridKey && one.status === 'active')
  return {
    externalUserid,
    name: customer?.name || follow.customerName,
    avatar: customer?.avatar ?? '',
    gender: customer?.gender ?? 0,
    corpName: customer?.corpName ?? '',
    position: customer?.position ?? '',
    follow: {
      userid: follow.userid,
      staffName: nameOf(follow),
      remark: follow.remark,
      description: follow.description,
      mobiles: follow.remarkMobiles,
      stage: follow.stage,
      tags,
      personalTags: follow.personalTags,
      addedAt: iso(follow.addedAt),
      addWay: follow.addWay === undefined ? '' : addWayName(follow.addWay),
      state: follow.state ?? '',
      lastFollowUpAt: iso(follow.lastFollowUpAt),
      status: follow.status,
    },
    editable,
    others: others.map(one => ({ name: nameOf(one), addedAt: iso(one.addedAt) })),
    ...page,
  }
}

/** Every tag that a customer can be given, in the order of the admin console: what is higher comes first. */
export async function tagGroups(models: Models, corpId: string): Promise<TagGroups> {
  const [groups, tags] = await Promise.all([
    models.tagGroups.find({ corpId, removedAt: null }).sort({ order: -1, name: 1 }).lean(),
    models.tags.find({ corpId, removedAt: null }).sort({ order: -1, name: 1 }).lean(),
  ])
  return {
    groups: groups.map(({ groupId, name }) => ({
      groupId,
      name,
      tags: tags.filter(tag => tag.groupId === groupId).map(tag => ({ tagId: tag.tagId, name: tag.name })),
    })),
  }
}

async function tagViews(models: Models, { corpId, tags }: Follow): Promise<TagView[]> {
  if (tags.length === 0) return []
  const rows = await models.tags
    .find({ corpId, tagId: { $in: tags }, removedAt: null })
    .sort({ groupName: 1, order: -1, name: 1 })
    .lean()
  return rows.map(({ tagId, name, groupName }) => ({ tagId, name, group: groupName }))
}

export function iso(at: Date | undefined): string | null {
  return at?.toISOString() ?? null
}

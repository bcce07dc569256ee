import type { Wanted } from '../../models/difference.ts'
import type { Tag, TagGroup } from '../../models/tag.ts'
import type { SyncPass } from './pass.ts'
import { reconcile } from './reconcile.ts'

/**
 * 企业标签: the corp's tag groups and tags (`path/92117`), in one call, which is not paged. An empty list is an answer
 * too: a corp may have removed its last tag.
 */
export async function syncTags(pass: SyncPass): Promise<void> {
  const { corpId, models, counts } = pass
  const { tag_group = [] } = await pass.call('externalcontact/get_corp_tag_list', {})
  const groups = new Map<string, Wanted<TagGroup>>()
  const tags = new Map<string, Wanted<Tag>>()
  for (const group of tag_group) {
    groups.set(group.group_id, { name: group.group_name, order: group.order })
    for (const tag of group.tag ?? []) {
      tags.set(tag.id, {
        groupId: group.group_id,
        groupName: group.group_name,
        name: tag.name,
        order: tag.order,
      })
    }
  }
  counts.seen += groups.size + tags.size
  const shared = { corpId, complete: true, counts }
  await reconcile({ ...shared, model: models.tagGroups, key: 'groupId', wanted: groups })
  await reconcile({ ...shared, model: models.tags, key: 'tagId', wanted: tags })
}

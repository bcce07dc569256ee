import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { releaseLock, takeLock } from '../../models/lock.ts'
import type { Models } from '../../models/models.ts'
import type { AppClient } from '../wecom/client.ts'
import type { WireTagGroup } from '../wecom/wire/customer.ts'
import { splitTagName, tagsNamed } from './tag-names.ts'

/** Names of tags and of their groups have at most this many characters (`path/92117`). */
export const tagNameMax = 30

/** How long one publisher may keep the others from making tags, and how often these look, in milliseconds. */
const creatingMs = 60_000
const lookAgainMs = 200

/** Reads the corp's tags (`path/92117`) and writes those that are new or changed. @throws what the platform answers */
export async function readTags(
  client: Pick<AppClient, 'call'>,
  models: Models,
  corpId: string,
  cause: string,
): Promise<WireTagGroup[]> {
  const { tag_group: groups = [] } = await client.call('externalcontact/get_corp_tag_list', {}, { cause })
  await keepTags(models, corpId, groups)
  return groups
}

async function keepTags(models: Models, corpId: string, groups: readonly WireTagGroup[]): Promise<void> {
  const writes = groups.flatMap(group =>
    group.tag.map(tag => ({
      updateOne: {
        filter: { corpId, tagId: tag.id },
        update: {
          $set: { groupId: group.group_id, groupName: group.group_name, name: tag.name, order: tag.order },
          $unset: { removedAt: 1 as const },
        },
        upsert: true,
      },
    })),
  )
  if (writes.length > 0) await models.tags.bulkWrite(writes, { ordered: false })
}

/**
 * Makes corp tags (`path/92117`), on the platform and here. One that the platform has by now is only taken over: of
 * several who want the same ones at the same time, on whichever instance, one makes them and the others find them.
 *
 * @param names as `组/标签`, each part at most 30 characters
 * @returns those that were made
 * @throws what the platform answers, such as 40126 (as many tags as a corp may have)
 */
export async function createTags(
  client: Pick<AppClient, 'call'>,
  models: Models,
  corpId: string,
  names: readonly string[],
): Promise<string[]> {
  const owner = randomUUID()
  const lock = `tags:${corpId}`
  while (!(await takeLock(models.locks, lock, owner, creatingMs))) await delay(lookAgainMs)
  try {
    const known = (await readTags(client, models, corpId, lock)).flatMap(group =>
      group.tag.map(tag => ({ name: tag.name, groupName: group.group_name })),
    )
    const lacking = new Map<string, string[]>()
    const made: string[] = []
    for (const name of names) {
      const { group, tag } = splitTagName(name)
      if (group === undefined || tagsNamed(known, name).length > 0) continue
      known.push({ name: tag, groupName: group })
      lacking.set(group, [...(lacking.get(group) ?? []), tag])
      made.push(`${group}/${tag}`)
    }
    for (const [group, tags] of lacking) {
      const { tag_group } = await client.call(
        'externalcontact/add_corp_tag',
        { group_name: group, tag: tags.map(name => ({ name })) },
        { cause: lock },
      )
      await keepTags(models, corpId, [tag_group])
    }
    return made
  } finally {
    await releaseLock(models.locks, lock, owner)
  }
}

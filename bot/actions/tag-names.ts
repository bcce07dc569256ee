import { distance } from 'fastest-levenshtein'
import type { Tag } from '../../models/tag.ts'
import { type ActionContext, ActionRefused } from './define.ts'
import { texts } from './texts.ts'

/** The last look at the platform's tags, per corp: those who miss one at the same time share it. */
const looks = new WeakMap<object, Map<string, { at: number; done: Promise<void> }>>()
const askAgainMs = 30_000

/**
 * The tags that names mean. A name is `组/标签`, or `标签` where that is unique. A name that we don't hold is looked for
 * on the platform once in a while, because tags made there a moment ago are not synced yet.
 *
 * @throws ActionRefused `tag_unknown` with near names, or `tag_ambiguous`
 */
export async function resolveTags(context: ActionContext, names: readonly string[]): Promise<Tag[]> {
  if (names.length === 0) return []
  const { corpId } = context.corp
  let held = await findHeld(context, names)
  if (names.some(name => matching(held, name).length === 0)) {
    await look(context)
    held = await findHeld(context, names)
  }
  const result: Tag[] = []
  for (const name of names) {
    const found = matching(held, name)
    const [tag, ...others] = found
    if (tag === undefined) {
      const all = await context.models.tags
        .find({ corpId, removedAt: null }, { name: 1, groupName: 1 })
        .lean()
      throw new ActionRefused('tag_unknown', texts.tagUnknown(name, nearest(name, all)))
    }
    if (others.length > 0) {
      throw new ActionRefused(
        'tag_ambiguous',
        texts.tagAmbiguous(
          tag.name,
          found.map(one => one.groupName),
        ),
      )
    }
    if (!result.some(one => one.tagId === tag.tagId)) result.push(tag)
  }
  return result
}

function splitName(name: string): { group?: string; tag: string } {
  const slash = name.indexOf('/')
  return slash < 0
    ? { tag: name.trim() }
    : { group: name.slice(0, slash).trim(), tag: name.slice(slash + 1).trim() }
}

function matching(tags: readonly Tag[], name: string): Tag[] {
  const { group, tag } = splitName(name)
  const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
  const exact = tags.filter(one => one.name === tag && (group === undefined || one.groupName === group))
  if (exact.length > 0) return exact
  return tags.filter(one => same(one.name, tag) && (group === undefined || same(one.groupName, group)))
}

async function findHeld(context: ActionContext, names: readonly string[]): Promise<Tag[]> {
  const wanted = names.map(name => splitName(name).tag)
  const variants = [...new Set(wanted.flatMap(tag => [tag, tag.toUpperCase(), tag.toLowerCase()]))]
  return context.models.tags
    .find({ corpId: context.corp.corpId, name: { $in: variants }, removedAt: null })
    .lean()
}

function look(context: ActionContext): Promise<void> {
  const perCorp = looks.get(context.models) ?? new Map<string, { at: number; done: Promise<void> }>()
  looks.set(context.models, perCorp)
  const { corpId } = context.corp
  const last = perCorp.get(corpId)
  if (last !== undefined && Date.now() - last.at < askAgainMs) return last.done
  const done = readTags(context)
  perCorp.set(corpId, { at: Date.now(), done })
  // A look that failed counts for nothing.
  done.catch(() => perCorp.delete(corpId))
  return done
}

/** Reads the corp's tags (`path/92117`) and writes those that are new or changed. */
async function readTags(context: ActionContext): Promise<void> {
  const { tag_group: groups = [] } = await context.client.call(
    'externalcontact/get_corp_tag_list',
    {},
    { cause: context.key },
  )
  const { corpId } = context.corp
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
  if (writes.length > 0) await context.models.tags.bulkWrite(writes, { ordered: false })
}

/** At most three names that look like what was written. */
function nearest(name: string, tags: readonly Pick<Tag, 'name' | 'groupName'>[]): string[] {
  const { tag: wanted } = splitName(name)
  const close = tags
    .map(tag => ({
      tag,
      far: tag.name.includes(wanted) || wanted.includes(tag.name) ? 0.5 : distance(wanted, tag.name),
    }))
    .filter(({ tag, far }) => far <= Math.max(1, Math.floor(Math.max(tag.name.length, wanted.length) / 2)))
    .sort((a, b) => a.far - b.far)
  return [...new Set(close.slice(0, 3).map(({ tag }) => `${tag.groupName}/${tag.name}`))]
}

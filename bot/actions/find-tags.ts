import type { Tag } from '../../models/tag.ts'
import { readTags } from './corp-tags.ts'
import { type ActionContext, ActionRefused } from './define.ts'
import { nearestTags, splitTagName, tagsNamed } from './tag-names.ts'
import { texts } from './texts.ts'

/** The last look at the platform's tags, per corp: those who miss one at the same time share it. */
const looks = new WeakMap<object, Map<string, { at: number; done: Promise<unknown> }>>()
const askAgainMs = 30_000

/** A tag that a name means. */
export interface FoundTag {
  tagId: string
  /** What it is called where it is told of: `标签`, or `组/标签` where several have this name. */
  label: string
}

/**
 * The tags that names mean. A name is `组/标签`, or `标签` where that is unique. A name that we don't hold is looked for
 * on the platform once in a while, because tags made there a moment ago are not synced yet.
 *
 * @throws ActionRefused `tag_unknown` with near names, or `tag_ambiguous`
 */
export async function resolveTags(context: ActionContext, names: readonly string[]): Promise<FoundTag[]> {
  if (names.length === 0) return []
  const { corpId } = context.corp
  let held = await findHeld(context, names)
  if (names.some(name => tagsNamed(held, name).length === 0)) {
    await look(context)
    held = await findHeld(context, names)
  }
  const result: FoundTag[] = []
  for (const name of names) {
    const found = tagsNamed(held, name)
    const [tag, ...others] = found
    if (tag === undefined) {
      const all = await context.models.tags
        .find({ corpId, removedAt: null }, { name: 1, groupName: 1 })
        .lean()
      throw new ActionRefused('tag_unknown', texts.tagUnknown(name, nearestTags(name, all)))
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
    if (result.some(one => one.tagId === tag.tagId)) continue
    const { tagId, groupName } = tag
    const isUnique = held.every(one => one.tagId === tagId || one.name !== tag.name)
    result.push({ tagId, label: isUnique ? tag.name : `${groupName}/${tag.name}` })
  }
  return result
}

async function findHeld(context: ActionContext, names: readonly string[]): Promise<Tag[]> {
  const wanted = names.map(name => splitTagName(name).tag)
  const variants = [...new Set(wanted.flatMap(tag => [tag, tag.toUpperCase(), tag.toLowerCase()]))]
  return context.models.tags
    .find({ corpId: context.corp.corpId, name: { $in: variants }, removedAt: null })
    .lean()
}

function look(context: ActionContext): Promise<unknown> {
  const perCorp = looks.get(context.models) ?? new Map<string, { at: number; done: Promise<unknown> }>()
  looks.set(context.models, perCorp)
  const { corpId } = context.corp
  const last = perCorp.get(corpId)
  if (last !== undefined && Date.now() - last.at < askAgainMs) return last.done
  const { models, client } = context
  const done = readTags(client, models, corpId, context.key)
  perCorp.set(corpId, { at: Date.now(), done })
  // A look that failed counts for nothing.
  done.catch(() => perCorp.delete(corpId))
  return done
}

import { z } from 'zod'
import { followOf, markTags, type Pair } from './customer-writes.ts'
import type { ActionContext } from './define.ts'
import { pairOf } from './find-customer.ts'
import { type FoundTag, resolveTags } from './find-tags.ts'
import { texts } from './texts.ts'

/** Names of tags, as a document gives them. */
export const tagNames = z.array(z.string().trim().min(1, 'is empty')).max(50, 'are more than 50').default([])

/** Whom an action works on. */
export const customerName = z
  .string()
  .optional()
  .describe(
    'The customer, as people name one: a remark, a nickname, a part of either, or an id. Missing: the customer of the event.',
  )

export const tagsChanged = z.object({
  added: z
    .array(z.string())
    .describe('Names of tags that the customer had not before; `组/标签` where several have the name.'),
  removed: z.array(z.string()).describe('Names of tags that the customer has no more, alike.'),
  text: z.string().describe('Says so in Chinese, for an answer.'),
})

/** What a change of tags comes to: those of them that are not as wanted already. */
export interface TagPlan {
  pair: Pair & { name: string }
  add: FoundTag[]
  remove: FoundTag[]
}

/**
 * Finds the pair and the tags; changes nothing.
 *
 * @throws ActionRefused for a customer or a tag that is not there, or not to be told from others
 */
export async function planTags(
  context: ActionContext,
  customer: string | undefined,
  wanted: { add: readonly string[]; remove: readonly string[] },
): Promise<TagPlan> {
  const pair = await pairOf(context, customer)
  const [adding, removing] = [
    await resolveTags(context, wanted.add),
    await resolveTags(context, wanted.remove),
  ]
  const follow = await context.models.follows.findOne(followOf(context, pair), { tags: 1 }).lean()
  const held = new Set(follow?.tags ?? [])
  return {
    pair,
    add: adding.filter(tag => !held.has(tag.tagId)),
    remove: removing.filter(tag => held.has(tag.tagId)),
  }
}

/** What a plan has been done, or would be, told. */
export function told({ pair, add, remove }: TagPlan): z.output<typeof tagsChanged> {
  const [added, removed] = [add.map(tag => tag.label), remove.map(tag => tag.label)]
  const unchanged = added.length === 0 && removed.length === 0
  return {
    added,
    removed,
    text: unchanged ? texts.tagsUnchanged(pair.name) : texts.tagged(pair.name, added, removed),
  }
}

/** Carries a plan out. Tags that are as wanted already cost no call. @throws as `markTags` */
export async function changeTags(
  context: ActionContext,
  plan: TagPlan,
): Promise<z.output<typeof tagsChanged>> {
  const { pair, add, remove } = plan
  if (add.length > 0 || remove.length > 0) await markTags(context, pair, add, remove)
  return told(plan)
}

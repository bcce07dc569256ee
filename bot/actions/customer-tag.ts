import { z } from 'zod'
import { useridKey } from '../../models/userid.ts'
import { markTags } from './customer-writes.ts'
import { ActionRefused, defineAction } from './define.ts'
import { pairOf } from './find-customer.ts'
import { resolveTags } from './find-tags.ts'
import { namedIn } from './named.ts'
import { texts } from './texts.ts'

const names = z.array(z.string().trim().min(1)).max(50).default([])

/**
 * Marks and unmarks corp tags (`path/92118`), by name. Tags that are as wanted already cost no call. On an event it
 * works on the event's pair; a command names the customer and works on the asker's own follow, a lead's on the staff
 * member's whom the name finds.
 */
export const customerTag = defineAction({
  id: 'customer.tag',
  title: '打标签',
  summary: 'Marks and unmarks corp tags, on the platform and in the database.',
  output: z.object({ added: z.array(z.string()), removed: z.array(z.string()), text: z.string() }),
  effect: 'write',
  needs: ['staff', 'customer'],
  idempotent: true,
  params: z.strictObject({ customer: z.string().optional(), add: names, remove: names }),
  names: params => [...namedIn('tag', params, 'add'), ...namedIn('tag', params, 'remove')],
  async run(context, { customer, add, remove }) {
    if (add.length === 0 && remove.length === 0) throw new ActionRefused('tags_missing', texts.tagsMissing)
    const pair = await pairOf(context, customer)
    const [adding, removing] = [await resolveTags(context, add), await resolveTags(context, remove)]
    const follow = await context.models.follows
      .findOne(
        {
          corpId: context.corp.corpId,
          useridKey: useridKey(pair.userid),
          externalUserid: pair.externalUserid,
        },
        { tags: 1 },
      )
      .lean()
    const held = new Set(follow?.tags ?? [])
    const label = (tag: { tagId: string; groupName: string; name: string }) => ({
      tagId: tag.tagId,
      label: tag.name,
    })
    const toAdd = adding.filter(tag => !held.has(tag.tagId)).map(label)
    const toRemove = removing.filter(tag => held.has(tag.tagId)).map(label)
    if (toAdd.length === 0 && toRemove.length === 0) {
      return { added: [], removed: [], text: texts.tagsUnchanged(pair.name) }
    }
    await markTags(context, pair, toAdd, toRemove)
    const [added, removed] = [toAdd.map(tag => tag.label), toRemove.map(tag => tag.label)]
    return { added, removed, text: texts.tagged(pair.name, added, removed) }
  },
})

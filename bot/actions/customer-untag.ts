import { z } from 'zod'
import { changeTags, customerName, planTags, tagNames, tagsChanged, told } from './change-tags.ts'
import { ActionRefused, defineAction } from './define.ts'
import { namedIn } from './named.ts'
import { texts } from './texts.ts'

/** Takes corp tags away from a pair (`path/92118`), as `customer.tag` with `remove` does. */
export const customerUntag = defineAction({
  id: 'customer.untag',
  title: '去标签',
  summary: 'Takes corp tags away, on the platform and in the database.',
  output: tagsChanged,
  effect: 'write',
  needs: ['staff', 'customer'],
  idempotent: true,
  params: z.strictObject({
    customer: customerName,
    tags: tagNames.describe('Names of at most 50 tags: `组/标签`, or `标签` where that is unique.'),
  }),
  names: params => namedIn('tag', params, 'tags'),
  async run(context, { customer, tags }) {
    return changeTags(context, await planTags(context, customer, wantedOf(tags)))
  },
  async preview(context, { customer, tags }) {
    return told(await planTags(context, customer, wantedOf(tags)))
  },
})

function wantedOf(remove: string[]): { add: string[]; remove: string[] } {
  if (remove.length === 0) throw new ActionRefused('tags_missing', texts.tagsMissing)
  return { add: [], remove }
}

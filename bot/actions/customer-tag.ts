import { z } from 'zod'
import { changeTags, customerName, planTags, tagNames, tagsChanged, told } from './change-tags.ts'
import { ActionRefused, defineAction } from './define.ts'
import { namedIn } from './named.ts'
import { texts } from './texts.ts'

/**
 * Marks and unmarks corp tags (`path/92118`), by name. On an event it works on the event's pair; a command names the
 * customer and works on the asker's own follow, a lead's on the staff member's whom the name finds.
 */
export const customerTag = defineAction({
  id: 'customer.tag',
  title: '打标签',
  summary: 'Marks and unmarks corp tags, on the platform and in the database.',
  output: tagsChanged,
  effect: 'write',
  needs: ['staff', 'customer'],
  idempotent: true,
  params: z.strictObject({
    customer: customerName,
    add: tagNames.describe('Names of at most 50 tags to mark: `组/标签`, or `标签` where that is unique.'),
    remove: tagNames.describe('Names of at most 50 tags to take away.'),
  }),
  names: params => [...namedIn('tag', params, 'add'), ...namedIn('tag', params, 'remove')],
  async run(context, { customer, ...wanted }) {
    return changeTags(context, await planTags(context, customer, checked(wanted)))
  },
  async preview(context, { customer, ...wanted }) {
    return told(await planTags(context, customer, checked(wanted)))
  },
})

/** What a command's arguments bring may be nothing. */
function checked<T extends { add: string[]; remove: string[] }>(wanted: T): T {
  if (wanted.add.length > 0 || wanted.remove.length > 0) return wanted
  throw new ActionRefused('tags_missing', texts.tagsMissing)
}

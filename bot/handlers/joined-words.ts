/** Lists whose entries hold no comma but by mistake. A tag or a department may be called 线上、线下. */
const lists: ReadonlySet<unknown> = new Set([
  'contains',
  'in',
  'aliases',
  'to',
  'users',
  'mention',
  'staff',
  'roles',
  'apps',
])

/** What stands between two words where a plain comma should. */
const joint = /[^，、]\s*[，、]\s*[^，、]/

/** Lists of tags: several are told from one called 渠道/线上、线下 by the group that each of them has. */
const tagLists: ReadonlySet<unknown> = new Set(['add', 'remove', 'tags'])

/** Whether an entry of such a list, by the name of its field, is taken for several words unless it stands in quotes. */
export function isJoined(list: unknown, entry: unknown): entry is string {
  if (typeof entry !== 'string' || !hasJoint(entry)) return false
  return lists.has(list) || (tagLists.has(list) && splitWords(entry).every(word => /.\/./.test(word)))
}

/** Whether ， or 、 stands between two words. */
export function hasJoint(text: string): boolean {
  return joint.test(text)
}

/** The words of a text that was meant as a list of them, whichever commas stand between. */
export function splitWords(text: string): string[] {
  return text
    .split(/[,，、]/)
    .map(word => word.trim())
    .filter(word => word !== '')
}

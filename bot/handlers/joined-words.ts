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

/** Whether an entry of such a list, by the name of its field, is taken for several words unless it stands in quotes. */
export function isJoined(list: unknown, entry: unknown): entry is string {
  return lists.has(list) && typeof entry === 'string' && joint.test(entry)
}

/** The words of a text that was meant as a list of them, whichever commas stand between. */
export function splitWords(text: string): string[] {
  return text
    .split(/[,，、]/)
    .map(word => word.trim())
    .filter(word => word !== '')
}

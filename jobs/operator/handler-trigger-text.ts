/**
 * What starts a handler, in a few words: `customer.added state=fair-2026*`, `退款 or 退货 in a message`. Of a document that may
 * be anything.
 */
export function triggerText(trigger: unknown): string {
  const { event, match, command, aliases, message, schedule, manual } = Object(trigger)
  if (event !== undefined) return [String(event), ...Object.entries(Object(match)).map(matchText)].join(' ')
  if (command !== undefined) return [String(command), ...listOf(aliases)].join(', ')
  if (message !== undefined) return `${listOf(message?.contains).join(' or ')} in a message`
  if (schedule !== undefined) return String(schedule)
  return manual === undefined ? '-' : 'by hand'
}

function matchText([field, matcher]: [string, unknown]): string {
  const { eq, prefix, in: several } = Object(matcher)
  if (prefix !== undefined) return `${field}=${prefix}*`
  return `${field}=${several === undefined ? eq : listOf(several).join('|')}`
}

function listOf(list: unknown): string[] {
  return Array.isArray(list) ? list.map(String) : []
}

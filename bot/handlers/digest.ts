import { createHash } from 'node:crypto'

/**
 * What a document says, without what belongs to the row that holds it: the switch is thrown without a new revision, and
 * the number of the revision is written by exports for people.
 */
export function contentOf(document: Record<string, unknown>): Record<string, unknown> {
  const { enabled: _enabled, revision: _revision, ...content } = document
  return content
}

/** The same for documents that say the same, in whatever order their fields stand. */
export function digest(document: unknown): string {
  return createHash('sha256').update(sorted(document)).digest('base64url')
}

/** Whether two documents say the same, whether they are switched on or not. */
export function saysTheSame(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  return digest(contentOf(one)) === digest(contentOf(other))
}

/** JSON with sorted names: the database need not keep the order. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

import type { HandlerSwitch } from '../../models/handler.ts'
import type { HandlerPast, WrittenHandler } from './why-read.ts'

/** What a handler was at a moment. */
export interface HandlerThen {
  revision: number
  document: WrittenHandler
  enabled: boolean
  /** When it was switched so; missing where nothing tells. */
  since?: HandlerSwitch
  /** When it was switched the next time, for whoever says "but it is on". */
  after?: HandlerSwitch
}

/**
 * A handler as it stood at a moment, by its revisions and switches: what is live now may have been published since.
 *
 * @returns undefined where nothing of it was live yet
 */
export function handlerAt(past: HandlerPast, at: Date): HandlerThen | undefined {
  const published = past.revisions.filter(one => one.publishedAt <= at).at(-1)
  const { revision, document } = published ?? firstKnown(past) ?? {}
  if (revision === undefined || document === undefined) return undefined
  return { revision, document, ...switchAt(past.live, at) }
}

/** How the switch stood. Publishing throws it too, but for the first time. */
function switchAt(live: HandlerPast['live'], at: Date): Pick<HandlerThen, 'enabled' | 'since' | 'after'> {
  if (live === undefined) return { enabled: false }
  const thrown = live.switched ?? []
  const last = thrown.findLast(one => one.at <= at)
  const after = thrown.find(one => one.at > at)
  if (after !== undefined) return { enabled: last?.on ?? !after.on, ...(last && { since: last }), after }
  // What was changed by hand in the database left no trace but the state that it is in.
  return { enabled: live.enabled, ...(last?.on === live.enabled && { since: last }) }
}

/** The moment at which a handler was published first, where that is known. */
export function publishedFirst({ revisions }: HandlerPast): Date | undefined {
  return revisions[0]?.publishedAt
}

/** The newest name of a handler. */
export function titleOf(document: WrittenHandler | undefined, key: string): string {
  return typeof document?.title === 'string' ? document.title : key
}

/** A handler that no revision tells of is what it is now. */
function firstKnown({
  live,
  revisions,
}: HandlerPast): Pick<HandlerThen, 'revision' | 'document'> | undefined {
  if (revisions.length > 0 || live?.document === undefined) return undefined
  return { revision: live.revision, document: live.document }
}

/** Actions of the handler's steps by their ids, with what a tag step would add. */
export function stepsOf({ steps }: WrittenHandler): { id: string; action: string; adds: boolean }[] {
  if (!Array.isArray(steps)) return []
  return steps.map((step: { id?: unknown; action?: unknown; with?: { add?: unknown } } | null) => {
    const add = step?.with?.add
    const adds = add !== undefined && !(Array.isArray(add) && add.length === 0)
    return { id: String(step?.id), action: String(step?.action), adds }
  })
}

/** Whether a handler, as it was written, is for events of this name. */
export function isFor({ trigger }: WrittenHandler, name: string): boolean {
  return (trigger as { event?: unknown } | undefined)?.event === name
}

/** Whether the handler would have sent a welcome, marked tags, or neither. */
export function purposeOf(document: WrittenHandler): { welcomes: boolean; tags: boolean } {
  const steps = stepsOf(document)
  return {
    welcomes: steps.some(one => one.action === 'welcome.send'),
    tags: steps.some(one => one.action === 'customer.tag' && one.adds),
  }
}

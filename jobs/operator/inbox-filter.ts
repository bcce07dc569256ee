import type { QueryFilter } from 'mongoose'
import { ownApp } from '../../bot/dispatch/starts.ts'
import { eventDefinition, events } from '../../bot/events/names.ts'
import type { InboxEvent } from '../../models/inbox-event.ts'
import type { Models } from '../../models/models.ts'
import { readMoment } from './moments.ts'
import { corp, UsageError } from './verb.ts'

/** The options that choose events. */
export const filterArgs = {
  state: {
    type: 'enum',
    options: ['waiting', 'done', 'dead'] as string[],
    description: 'Only those in this state',
  },
  event: { type: 'string', description: 'Name of the event, or of a family like customer.*' },
  app: { type: 'string', description: 'Agent id, contact, or sidekick for the starts of handlers' },
  staff: { type: 'string', description: 'Userid of the staff member' },
  customer: { type: 'string', description: 'External userid of the customer' },
  since: {
    type: 'string',
    description: 'From this moment on, like 2h (ago), 3d or 2026-03-01T09:00:00+08:00',
  },
  until: { type: 'string', description: 'Before this moment' },
  code: { type: 'string', description: 'Code of the error, or of a failed step, like wecom_60011' },
  corp,
} as const

export interface FilterArgs {
  state?: string | undefined
  event?: string | undefined
  app?: string | undefined
  staff?: string | undefined
  customer?: string | undefined
  since?: string | undefined
  until?: string | undefined
  code?: string | undefined
}

/** Names that have no entry of their own. */
const openFamilies = ['acquisition', 'directory', 'handler']
/** The platform's clock may be ahead of ours, in milliseconds. */
const aheadMs = 15 * 60_000

/** @throws UsageError */
export function readFilter(args: FilterArgs, corpIds: readonly string[]): QueryFilter<InboxEvent> {
  const { state, event, app, staff, customer, since, until } = args
  const createdAt = {
    ...(since !== undefined && { $gte: readMoment('--since', since) }),
    ...(until !== undefined && { $lt: readMoment('--until', until) }),
    // What is planned for the weeks to come would stand before all that has happened.
    ...(until === undefined && !asksForPlans(args) && { $lt: new Date(Date.now() + aheadMs) }),
  }
  return {
    corpId: { $in: [...corpIds] },
    ...(state !== undefined && { state: state as InboxEvent['state'] }),
    ...(event !== undefined && { name: readName(event) }),
    ...(app !== undefined && { app }),
    // Userids are compared in lower case and stored as they came.
    ...(staff !== undefined && { userid: new RegExp(`^${escapePattern(staff)}$`, 'i') }),
    ...(customer !== undefined && { orderKey: `customer:${customer}` }),
    ...(Object.keys(createdAt).length > 0 && { createdAt }),
  }
}

/** Whoever asks for a customer, or for starts of handlers, asks for the planned ones too. */
function asksForPlans({ app, customer, event }: FilterArgs): boolean {
  return app === ownApp || customer !== undefined || event === 'handler.due' || event === 'handler.*'
}

function readName(text: string): string | { $gte: string; $lt: string } {
  const family = text.endsWith('.*') ? text.slice(0, -2) : undefined
  if (family === undefined) {
    if (text !== 'handler.due' && eventDefinition(text) === undefined)
      throw new UsageError(`--event "${text}" is no event; docs/handlers.md lists them`)
    return text
  }
  const families = new Set([...Object.keys(events).map(name => name.split('.', 1)[0]), ...openFamilies])
  if (!families.has(family)) throw new UsageError(`--event "${text}": there are ${[...families].join(', ')}`)
  // `/` follows `.`, so this is every name of the family.
  return { $gte: `${family}.`, $lt: `${family}/` }
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** A step that was given up. */
export interface FailedStep {
  handler: string
  step: string
  code: string
  message: string
}

export type FoundEvent = Omit<InboxEvent, 'xml'> & { failed: FailedStep[] }

const pageSize = 50

/**
 * The events that fit, one by one, the newest first, with the steps of theirs that failed.
 *
 * @param code of the event's error or of a failed step; every one without
 */
export async function* findEvents(
  models: Models,
  filter: QueryFilter<InboxEvent>,
  code?: string,
): AsyncGenerator<FoundEvent> {
  const cursor = models.inbox
    .find(filter)
    .select({ xml: 0 })
    .sort({ createdAt: -1, arrival: -1 })
    .lean<Omit<InboxEvent, 'xml'>>()
    .cursor({ batchSize: pageSize })
  let page: Omit<InboxEvent, 'xml'>[] = []
  for await (const event of cursor) {
    page.push(event)
    if (page.length < pageSize) continue
    yield* withFailures(models, page, code)
    page = []
  }
  yield* withFailures(models, page, code)
}

async function* withFailures(
  models: Models,
  page: readonly Omit<InboxEvent, 'xml'>[],
  code: string | undefined,
): AsyncGenerator<FoundEvent> {
  if (page.length === 0) return
  const corpIds = [...new Set(page.map(one => one.corpId))]
  const runs = await models.runs
    .find({ corpId: { $in: corpIds }, event: { $in: page.map(one => one._id) } })
    .select({ event: 1, handler: 1, steps: 1 })
    .lean()
  for (const event of page) {
    const failed = runs
      .filter(run => run.event === event._id)
      .flatMap(({ handler, steps }) =>
        steps
          .filter(({ state }) => state === 'failed')
          .map(({ id, error }) => ({
            handler,
            step: id,
            code: error?.code ?? '',
            message: error?.message ?? '',
          })),
      )
    if (code === undefined || event.error?.code === code || failed.some(one => one.code === code))
      yield { ...event, failed }
  }
}

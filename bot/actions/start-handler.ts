import type { StoredHandler } from '../../models/handler.ts'
import type { HandlerStart } from '../../models/inbox-event.ts'
import { putStart, startId } from '../dispatch/starts.ts'
import { type ActionContext, ActionRefused } from './define.ts'

/** What led to a start, at most: a fourth one in a row is a loop. */
const causesMax = 3

const texts = {
  unknown: (key: string): string => `没有 key 是“${key}”的处理器，核对一下再试。`,
  notManual: (key: string): string =>
    `处理器“${key}”不能由步骤启动：它的触发方式要写成手动（trigger: { manual: true }）。`,
  tooDeep: '处理器一个接一个地启动，已经到第三层了，到此为止。',
}

/** A handler that is to be started, as it is stored. */
export interface StartTarget {
  key: string
  title: string
  enabled: boolean
  trigger: 'manual' | 'schedule' | 'other'
}

/** A stored handler that has been published, by its key. */
export async function findStartTarget(
  models: ActionContext['models'],
  corpId: string,
  key: string,
): Promise<StartTarget | undefined> {
  const stored = await models.handlers
    .findOne({ corpId, key }, { enabled: 1, 'document.title': 1, 'document.trigger': 1 })
    .lean<Pick<StoredHandler, 'enabled' | 'document'>>()
  if (stored?.document === undefined) return undefined
  const { title = key, trigger = {} } = stored.document as { title?: string; trigger?: object }
  return { key, title, enabled: stored.enabled, trigger: kindOf(trigger) }
}

function kindOf(trigger: object): StartTarget['trigger'] {
  return 'manual' in trigger ? 'manual' : 'schedule' in trigger ? 'schedule' : 'other'
}

/**
 * A start that a step asks for.
 *
 * @throws ActionRefused `cause_too_deep` where it would be the fourth in a row
 */
export function startOf(
  { cause, event, handler, key }: ActionContext,
  start: Pick<HandlerStart, 'handler' | 'by' | 'askedBy' | 'userid' | 'externalUserid' | 'args'>,
): HandlerStart {
  if (cause.length >= causesMax) throw new ActionRefused('cause_too_deep', texts.tooDeep)
  // The step's id is the last part of its key.
  const step = key.slice(key.lastIndexOf('/') + 1)
  return { ...start, cause: [...cause, { event: event.id, handler, step }] }
}

/** @throws ActionRefused `handler_unknown`, or `handler_not_manual` for one that no step may start */
export async function checkManual({ models, corp, live }: ActionContext, key: string): Promise<void> {
  const tried = (await live()).tried?.find(one => one.key === key)
  const trigger =
    tried === undefined ? (await findStartTarget(models, corp.corpId, key))?.trigger : kindOf(tried.trigger)
  if (trigger === undefined) throw new ActionRefused('handler_unknown', texts.unknown(key))
  if (trigger !== 'manual') throw new ActionRefused('handler_not_manual', texts.notManual(key))
}

/** The start that an earlier attempt at the same step has made. */
export async function keptStart({
  models,
  corp,
  key,
}: ActionContext): Promise<{ event: string; at: string } | undefined> {
  const event = startId(corp.corpId, 'step', key)
  const kept = await models.inbox.findById(event, { createdAt: 1 }).lean()
  return kept === null ? undefined : { event, at: kept.createdAt.toISOString() }
}

/**
 * Makes the start durable. Asked again by another attempt at the same step it stays what it was, with its moment.
 *
 * @returns the start's event, and when it is due
 */
export async function keepStart(
  context: ActionContext,
  start: HandlerStart,
  at: Date,
): Promise<{ event: string; at: string }> {
  const { models, corp, key, retentionMs } = context
  const { corpId } = corp
  const id = startId(corpId, 'step', key)
  const made = await putStart(models, { corpId, at, id, start, retentionMs })
  const kept = made ? undefined : await keptStart(context)
  return kept ?? { event: id, at: at.toISOString() }
}

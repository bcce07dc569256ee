import { z } from 'zod'
import type { HandlerStart } from '../../models/inbox-event.ts'
import { useridKey } from '../../models/userid.ts'
import type { ListedHandler } from '../handlers/list.ts'
import { needsCustomer } from '../handlers/needs-customer.ts'
import { pauseOf } from '../handlers/pause.ts'
import { byName, namesIn } from '../handlers/why-names.ts'
import { conditionZh, scopeZh } from '../handlers/why-said.ts'
import { type ActionContext, ActionRefused, defineAction } from './define.ts'
import { pairOf } from './find-customer.ts'
import { findHandler, nameOf } from './find-handler.ts'
import { startArgs } from './handler-schedule.ts'
import { handlerTexts } from './handler-texts.ts'
import { keepStart, startOf } from './start-handler.ts'

const isStartable = ({ trigger }: ListedHandler): boolean => trigger === 'manual' || trigger === 'schedule'

/** @throws ActionRefused where the name means none that can be started now */
async function findStartable(context: ActionContext, name: string | undefined): Promise<ListedHandler> {
  if (name === undefined || name === '') throw new ActionRefused('handler_unnamed', handlerTexts.runUnnamed)
  const handler = await findHandler(context, name, isStartable)
  const { key, title, state } = handler
  if (!isStartable(handler)) throw new ActionRefused('handler_not_manual', handlerTexts.notStartable(title))
  if (state === 'draft') throw new ActionRefused('handler_never_published', handlerTexts.draft(title))
  if (state === 'broken') throw new ActionRefused('handler_broken', handlerTexts.broken(title, key))
  if (state === 'off') throw new ActionRefused('handler_off', handlerTexts.runOff(title, key))
  return handler
}

/** What is to be started, without anything being kept. */
async function plan(context: ActionContext, { handler, customer, args }: z.output<typeof params>) {
  const found = await findStartable(context, handler)
  const { key, title } = found
  const { models, corp, event, asker } = context
  const { paused } = await pauseOf(models, corp.corpId)
  if (paused !== undefined) throw new ActionRefused('paused', handlerTexts.runPaused)
  const compiled = (await context.live()).byKey.get(key)
  if (customer === undefined && compiled !== undefined && needsCustomer(compiled, context.actions)) {
    const name = await nameOf(context, found)
    throw new ActionRefused('customer_unnamed', handlerTexts.runForWhom(title, name))
  }
  const pair = customer === undefined ? undefined : await pairOf(context, customer)
  const userid = pair?.userid ?? event.userid
  const start = startOf(context, {
    handler: key,
    by: 'manual',
    ...(context.facts.run.by === 'command' && { askedBy: asker.userid }),
    ...(userid !== undefined && { userid }),
    ...(pair !== undefined && { externalUserid: pair.externalUserid }),
    ...(args !== undefined && { args }),
  })
  return { start, text: await outcomeOf(context, title, start, pair) }
}

/** What will come of a start: whom it is about, or why nothing will. */
async function outcomeOf(
  context: ActionContext,
  title: string,
  start: HandlerStart,
  pair: { userid: string; name: string } | undefined,
): Promise<string> {
  const { models, corp, asker } = context
  const kept = await context.outlook(start)
  if (kept?.stage === 'when') return handlerTexts.willNotRun(title, conditionZh(kept.why))
  const said = [kept?.why, pair?.userid].filter(one => one !== undefined)
  const names = byName(await namesIn(models, corp.corpId, said))
  if (kept !== undefined) return handlerTexts.willNotRun(title, scopeZh(kept.why, names))
  const isOwn = pair !== undefined && useridKey(pair.userid) === useridKey(asker.userid)
  return handlerTexts.started(title, pair?.name, isOwn || !pair ? undefined : names.staff(pair.userid))
}

const params = z.strictObject({
  handler: z
    .string()
    .trim()
    .max(100)
    .optional()
    .describe('its key, its title, a part of either, or its number in the list; manual or scheduled'),
  customer: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the customer whom it is about; one that uses customer.* or follow.* asks for it'),
  args: startArgs.optional(),
})

/** Runs a handler now, for whoever asks, or for the staff member of the customer whom they name. */
export const handlerRun = defineAction({
  id: 'handler.run',
  title: '运行处理器',
  summary:
    'Runs a manual or scheduled handler within seconds: for whoever asks, or for the staff member of the customer who is named.',
  output: z.strictObject({
    event: z.string().describe('Id of the start, as `inbox show` takes it'),
    text: z.string().describe('The answer for whoever asked'),
  }),
  effect: 'write',
  idempotent: true,
  params,
  async run(context, given) {
    const { start, text } = await plan(context, given)
    const { event } = await keepStart(context, start, new Date(context.clock.now()))
    return { event, text }
  },
  async preview(context, given) {
    return { text: (await plan(context, given)).text }
  },
})

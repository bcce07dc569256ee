import { z } from 'zod'
import type { StoredHandler } from '../../models/handler.ts'
import { type ActionContext, ActionRefused, defineAction } from './define.ts'
import { pairOf } from './find-customer.ts'
import { startArgs } from './handler-schedule.ts'
import { findStartTarget, keepStart, type StartTarget, startOf } from './start-handler.ts'
import { shorten } from './texts.ts'

const texts = {
  unknown: (name: string): string =>
    `没有叫“${shorten(name)}”的手动或定时处理器。\n发“处理器 列表”看看有哪些。`,
  several: (name: string, titles: readonly string[]): string =>
    `有 ${titles.length} 个处理器叫“${shorten(name)}”，写 key 就不会弄错：${titles.join('、')}`,
  off: ({ key, title }: StartTarget): string => `处理器“${title}”是关着的。先发：处理器 开 ${key}`,
  paused: '处理器已全部暂停。先发：恢复',
  started: ({ title }: StartTarget, customer: string | undefined): string =>
    customer === undefined ? `已开始运行“${title}”。` : `已开始对 ${customer} 运行“${title}”。`,
}

/** The manual or scheduled handler that is meant: by its key, else by its title. */
async function findNamed(context: ActionContext, name: string): Promise<StartTarget> {
  const { models, corp } = context
  const { corpId } = corp
  const keys = new Set([name])
  const titled = await models.handlers
    .find({ corpId, 'document.title': name }, { key: 1 })
    .lean<Pick<StoredHandler, 'key'>[]>()
  for (const { key } of titled) keys.add(key)
  const found: StartTarget[] = []
  for (const key of keys) {
    const target = await findStartTarget(models, corpId, key)
    if (target !== undefined && target.trigger !== 'other') found.push(target)
  }
  const [first] = found
  if (first === undefined) throw new ActionRefused('handler_unknown', texts.unknown(name))
  const exact = found.find(one => one.key === name)
  if (exact === undefined && found.length > 1)
    throw new ActionRefused(
      'handler_ambiguous',
      texts.several(
        name,
        found.map(one => one.key),
      ),
    )
  return exact ?? first
}

/** What is to be started, without anything being kept. */
async function plan(context: ActionContext, { handler, customer, args }: z.output<typeof params>) {
  const target = await findNamed(context, handler)
  if (!target.enabled) throw new ActionRefused('handler_off', texts.off(target))
  const { models, corp, event } = context
  const { paused } = (await models.corps.findOne({ corpId: corp.corpId }, { paused: 1 }).lean()) ?? {}
  if (paused !== undefined) throw new ActionRefused('paused', texts.paused)
  const pair = customer === undefined ? undefined : await pairOf(context, customer)
  const userid = pair?.userid ?? event.userid
  const start = startOf(context, {
    handler: target.key,
    by: 'manual',
    ...(userid !== undefined && { userid }),
    ...(pair !== undefined && { externalUserid: pair.externalUserid }),
    ...(args !== undefined && { args }),
  })
  return { start, text: texts.started(target, pair?.name) }
}

const params = z.strictObject({
  handler: z.string().trim().min(1).max(200).describe('Key or title of a manual or a scheduled handler'),
  customer: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the customer whom it is about; nobody where left out'),
  args: startArgs
    .optional()
    .describe('What the handler gets as `args`: up to 20 texts, numbers, lists of texts'),
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

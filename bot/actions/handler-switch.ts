import { z } from 'zod'
import type { ListedHandler } from '../handlers/list.ts'
import { HandlerRefused } from '../handlers/refusal.ts'
import { switchHandler } from '../handlers/switch.ts'
import { type ActionContext, ActionRefused, defineAction } from './define.ts'
import { findHandler, nameOf } from './find-handler.ts'
import { handlerTexts } from './handler-texts.ts'
import { handlerVoice } from './handler-voice.ts'

/** 处理器 开|关: throws the switch of a handler, but not of the one that it runs in, which is how one gets back. */
export const handlerSwitch = defineAction({
  id: 'handler.switch',
  title: '打开或关闭处理器',
  summary: 'Switches a handler on or off. The one that this step belongs to cannot be switched off by it.',
  params: z.strictObject({
    handler: z
      .string()
      .trim()
      .max(100)
      .optional()
      .describe('its key, its title, a part of either, or its number in the list'),
    on: z.boolean().describe('whether it shall be on'),
  }),
  output: z.object({
    handler: z.string().describe('its key'),
    changed: z.boolean().describe('false where it stood so already'),
    text: z.string().describe('what was done, as an answer'),
  }),
  effect: 'write',
  idempotent: true,
  async run(context, { handler: name, on }) {
    const handler = await chosen(context, name, on)
    const { changed } = await turn(context, handler, on)
    if (changed) {
      const text = handlerTexts.switched(handler, on, await nameOf(context, handler))
      return { handler: handler.key, changed, text }
    }
    const voice = await handlerVoice(context, [handler.switched?.by])
    return { handler: handler.key, changed, text: handlerTexts.switchedAlready(handler, on, voice) }
  },
  async preview(context, { handler: name, on }) {
    const { key: handler, state } = await chosen(context, name, on)
    return { handler, changed: (state === 'on' || state === 'broken') !== on }
  },
})

/** Without these nobody could pause, or end a pause, from the chat. */
const lifelines: ReadonlySet<string> = new Set(['command-pause', 'command-resume'])

async function chosen(context: ActionContext, name: string | undefined, on: boolean): Promise<ListedHandler> {
  if (name === undefined || name === '') throw new ActionRefused('handler_unnamed', handlerTexts.unnamed(on))
  const handler = await findHandler(context, name)
  if (!on && lifelines.has(handler.key))
    throw new ActionRefused('handler_needed', handlerTexts.needed(handler.title))
  if (!on && handler.key === context.handler) throw new ActionRefused('handler_itself', handlerTexts.itself)
  return handler
}

async function turn(context: ActionContext, { key, title }: ListedHandler, on: boolean) {
  const { models, corp, asker, actions } = context
  try {
    return await switchHandler(models, corp.corpId, key, on, asker.userid, actions)
  } catch (error) {
    if (!(error instanceof HandlerRefused)) throw error
    const answer = error.code === 'broken' ? handlerTexts.broken(title, key) : handlerTexts.draft(title)
    throw new ActionRefused(`handler_${error.code}`, answer, { cause: error })
  }
}

import { z } from 'zod'
import { failedLast } from '../handlers/last-run.ts'
import { listHandlers } from '../handlers/list.ts'
import { pauseOf } from '../handlers/pause.ts'
import { defineAction } from './define.ts'
import { handlerTexts } from './handler-texts.ts'
import { handlerVoice } from './handler-voice.ts'

/** 处理器 列表: all handlers of the corp, and how each stands. */
export const handlerList = defineAction({
  id: 'handler.list',
  title: '列出处理器',
  summary: 'All handlers of the corp with their numbers, and how each stands.',
  params: z.strictObject({}),
  output: z.object({
    count: z.number().describe('how many there are'),
    text: z.string().describe('the list as an answer'),
  }),
  effect: 'read',
  idempotent: true,
  async run(context) {
    const { corpId } = context.corp
    const handlers = await listHandlers(context.models, corpId, context.actions, await context.live())
    const pause = await pauseOf(context.models, corpId)
    const voice = await handlerVoice(context, [pause.paused?.by, ...handlers.map(one => one.switched?.by)])
    const on = handlers.filter(one => one.state === 'on').map(one => one.key)
    const failed = await failedLast(context.models, corpId, on)
    return { count: handlers.length, text: handlerTexts.list(handlers, { ...pause, failed }, voice) }
  },
})

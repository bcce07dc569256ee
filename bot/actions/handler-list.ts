import { z } from 'zod'
import { failedLast } from '../handlers/last-run.ts'
import { type ListedHandler, listHandlers } from '../handlers/list.ts'
import { pauseOf } from '../handlers/pause.ts'
import { defineAction } from './define.ts'
import { isNamed } from './find-handler.ts'
import { handlerTexts } from './handler-texts.ts'
import { handlerVoice } from './handler-voice.ts'

function fits(one: ListedHandler, named: string): boolean {
  return named === '命令' ? one.trigger === 'command' : isNamed(one, named)
}

/** 处理器 列表: all handlers of the corp, and how each stands. */
export const handlerList = defineAction({
  id: 'handler.list',
  title: '列出处理器',
  summary: 'All handlers of the corp with their numbers, and how each stands.',
  params: z.strictObject({
    named: z
      .string()
      .trim()
      .max(100)
      .default('')
      .describe(
        'a part of a key or a title; 命令 for the commands, 全部 for all; commands that are on are folded without',
      ),
  }),
  output: z.object({
    count: z.number().describe('how many there are'),
    text: z.string().describe('the list as an answer'),
  }),
  effect: 'read',
  idempotent: true,
  async run(context, { named }) {
    const { corpId } = context.corp
    const all = await listHandlers(context.models, corpId, context.actions, await context.live())
    const pause = await pauseOf(context.models, corpId)
    const voice = await handlerVoice(context, [pause.paused?.by, ...all.map(one => one.switched?.by)])
    const found = named === '' || named === '全部' ? all : all.filter(one => fits(one, named))
    const on = all.filter(one => one.state === 'on').map(one => one.key)
    const failed = await failedLast(context.models, corpId, on)
    const text =
      found.length === 0
        ? handlerTexts.unknown(named, [])
        : handlerTexts.list({ all, found, named }, { ...pause, failed }, voice)
    return { count: found.length, text }
  },
})

import { z } from 'zod'
import { pauseCorp, pauseOf, resumeCorp } from '../handlers/pause.ts'
import { defineAction } from './define.ts'
import { handlerTexts } from './handler-texts.ts'
import { handlerVoice } from './handler-voice.ts'

/** 暂停, 恢复: has no handler of the corp but commands run, and has them run again. */
export const handlerPause = defineAction({
  id: 'handler.pause',
  title: '暂停或恢复全部处理器',
  summary: 'Has no handler of the corp but commands run, or has all of them run again.',
  params: z.strictObject({ paused: z.boolean().describe('true pauses, false resumes') }),
  output: z.object({
    changed: z.boolean().describe('false where it was so already'),
    text: z.string().describe('what was done, as an answer'),
  }),
  effect: 'write',
  idempotent: true,
  async run(context, { paused: wanted }) {
    const { models, corp, asker } = context
    const { changed, paused } = wanted
      ? await pauseCorp(models, corp.corpId, asker.userid)
      : await resumeCorp(models, corp.corpId)
    if (wanted && changed) return { changed, text: handlerTexts.paused }
    if (paused === undefined) return { changed, text: handlerTexts.notPaused }
    const voice = await handlerVoice(context, [paused.by])
    const [by, at] = [voice.who(paused.by), voice.at(paused.at)]
    return { changed, text: wanted ? handlerTexts.pausedAlready(by, at) : handlerTexts.resumed(by, at) }
  },
  async preview({ models, corp }, { paused: wanted }) {
    return { changed: ((await pauseOf(models, corp.corpId)).paused !== undefined) !== wanted }
  },
})

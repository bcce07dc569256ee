import { z } from 'zod'
import { defineAction } from './define.ts'

/** Answers whoever wrote: in the HTTP response while that is open, else as an app message. */
export const reply = defineAction({
  id: 'reply',
  title: '回复',
  summary: 'Answers whoever wrote: in the HTTP response while that is open, else as an app message.',
  output: z.strictObject({}),
  effect: 'external',
  idempotent: false,
  params: z.strictObject({ text: z.string().trim().min(1) }),
  async run(context, { text }) {
    await context.reply(text)
    return {}
  },
})

import { z } from 'zod'
import { type ActionContext, always, defineAction, type ReplyContent } from './define.ts'
import { type MediaOf, messageBody } from './message-body.ts'
import { type Content, contentFields, exactlyOne, materialsIn } from './message-content.ts'
import { namedMedia, withMedia } from './message-media.ts'
import type { Stage } from './message-text.ts'

const params = (stage: Stage) => z.strictObject(contentFields(stage)).superRefine(exactlyOne(), always)

/** Answers whoever wrote: in the HTTP response while that is open, else as an app message. */
export const reply = defineAction({
  id: 'reply',
  title: '回复',
  summary:
    'Answers whoever wrote. A text (in up to ten parts of 2,048 bytes, of which the last says where more was left out) or news goes into the HTTP response while that is open; everything else is an app message of the app that was written to. Where nobody wrote, as on `customer.added`, the staff member of the event gets it as an app message.',
  output: z.strictObject({}),
  effect: 'external',
  needs: ['staff'],
  idempotent: false,
  params: params('document'),
  filled: params('filled'),
  names: materialsIn,
  async run(context, content) {
    if (content.text !== undefined) await context.reply(content.text)
    else await withMedia(context, async media => context.reply(await answerOf(context, content, media)))
    return {}
  },
  async preview(context, content) {
    return {
      to: context.event.userid ?? '',
      message: content.text ?? (await answerOf(context, content, namedMedia(context))),
    }
  },
})

async function answerOf(context: ActionContext, content: Content, media: MediaOf): Promise<ReplyContent> {
  const body = await messageBody(content, media, context.key)
  return body.msgtype === 'text' ? body.text.content : body
}

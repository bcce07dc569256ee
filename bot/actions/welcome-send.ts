import { z } from 'zod'
import { materialKinds } from '../../models/material.ts'
import { type ActionContext, ActionRefused, always, defineAction } from './define.ts'
import { textWithin } from './message-text.ts'
import { namedIn } from './named.ts'
import { heldOnly, welcomeContent } from './welcome-content.ts'
import { sendWelcome } from './welcome-ledger.ts'

/** The platform takes no voice in a welcome. */
const welcomeKinds = materialKinds.filter(kind => kind !== 'voice')

const materials = z
  .array(z.string().trim().min(1))
  .max(9)
  .default([])
  .describe(
    'Keys of at most nine materials. Pictures, links, mini-programs, videos and files are attached in this order; the text of a text material follows the text.',
  )

/** As templates have filled it in: what came out as nothing is empty, and what is too long is cut when it is sent. */
const filledText = z.preprocess(
  value => (value === undefined || value === null ? undefined : String(value)),
  z.string().optional(),
)

/**
 * 新客户欢迎语 (`path/92137`). Does nothing where the event brought no code: the admin console's own welcome, a chat
 * that has begun, or a user of another company's WeCom.
 */
export const welcomeSend = defineAction({
  id: 'welcome.send',
  title: '发送欢迎语',
  summary: 'Sends the welcome of the event’s code, at once and once.',
  output: z.object({
    state: z
      .enum(['sent', 'already', 'spare', 'no_code'])
      .describe(
        '`already`: the chat has begun, or another handler or app has welcomed; `spare`: another code of this add was used; `no_code`: the event brought none.',
      ),
    cut: z
      .boolean()
      .optional()
      .describe('The text was over 4,000 bytes once it was filled in, and its end was left out.'),
    missing: z.array(z.string()).optional().describe('Keys of materials that could not be had.'),
    fallback: z
      .boolean()
      .optional()
      .describe(
        'The customer got `fallback`, or a plain greeting where there is none, instead of the text: it could not be filled in, came out empty, or named something of the customer that the platform did not tell within a second.',
      ),
  }),
  effect: 'contacts-customer',
  needs: ['code'],
  idempotent: true,
  emptied: ['text', 'fallback'],
  params: z
    .strictObject({
      text: textWithin(4_000, 'document')
        .optional()
        .describe('What the customer reads; at most 4,000 bytes, beyond that it is cut.'),
      materials,
      fallback: textWithin(4_000, 'document')
        .optional()
        .describe(
          'Said instead of the text where that cannot be filled in, comes out empty, or names something of the customer that the platform did not tell within a second.',
        ),
    })
    .refine(one => one.text !== undefined || !isEmpty(one.materials), {
      ...always,
      error: 'has neither text nor materials',
    })
    .refine(one => one.text !== undefined || one.fallback === undefined, {
      ...always,
      path: ['fallback'],
      error: 'stands in for a text, and there is none',
    }),
  filled: z.strictObject({ text: filledText, materials, fallback: filledText }),
  names: params => namedIn('material', params, 'materials').map(one => ({ ...one, kinds: welcomeKinds })),
  async run(context, wanted) {
    const code = codeOf(context)
    if (code === undefined) return { state: 'no_code' as const }
    const outcome = await sendWelcome(context, code, await relationOf(context), media =>
      welcomeContent(context, wanted, media),
    )
    const { state, errcode, sent } = outcome
    if (state === 'expired' || state === 'refused')
      throw new ActionRefused(`welcome_${state}`, `欢迎语没有发出（${errcode ?? ''}）`)
    const mine = outcome.handler === undefined || outcome.handler === context.handler
    return {
      state: state === 'sent' && !mine ? ('already' as const) : state,
      // What was sent ahead of the step, or by an earlier attempt, is told as well.
      ...(mine && sent?.cut !== undefined && { cut: sent.cut }),
      ...(mine && sent?.missing !== undefined && { missing: sent.missing }),
      ...(mine && sent?.fallback !== undefined && { fallback: sent.fallback }),
    }
  },
  async preview(context, wanted) {
    const state = codeOf(context) === undefined ? 'no_code' : 'sent'
    const { sent } = await welcomeContent(context, wanted, heldOnly)
    return { state, ...sent }
  },
})

/** Looks at a document's own value too, whatever that is. */
function isEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length === 0
}

function codeOf({ event }: ActionContext): string | undefined {
  return (event.data as { welcomeCode?: string }).welcomeCode
}

async function relationOf(context: ActionContext): Promise<string> {
  if (context.relation !== undefined) return context.relation
  const { userid = '', externalUserid = '' } = context.event
  const follow = await context.models.follows
    .findOne(
      { corpId: context.corp.corpId, useridKey: userid.toLowerCase(), externalUserid },
      { relation: 1 },
    )
    .lean()
  return follow?.relation?.first ?? context.event.id
}

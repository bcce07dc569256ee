import { z } from 'zod'
import { addressWithin, perStage, type Stage, textWithin } from './message-text.ts'

/** Of a jump: what it opens follows from which of the two is there, where `type` does not say. */
const leadsNowhere = 'leads nowhere: give url, or appid with pagepath'

/** Keys of buttons and menus: a click sends one back, where it names a command line (`path/90236`). */
const keyBytes = 1_024

/**
 * A template card (`path/90236`), with the platform's own names of its fields, so that what its card editor makes can be pasted.
 * Counts and bytes are limits; the lengths in characters are what the client shows whole. `type` of a jump, row or
 * button may be left out, and a file is named as `material`.
 */
export const cardSchema = perStage(buildCard)

function buildCard(stage: Stage) {
  const text = (about: string) => textWithin(4_096, stage).describe(about)
  const url = addressWithin(2_048, stage)
  const key = textWithin(keyBytes, stage, 'refused').describe(
    'What a click sends: a command line such as 跟进 张三. At most 1,024 bytes.',
  )
  const jumpFields = {
    type: z.union([z.literal(0), z.literal(1), z.literal(2)]).optional(),
    url: url.optional(),
    appid: z.string().optional(),
    pagepath: z.string().optional(),
  }
  const hasTarget = (one: { url?: string | undefined; appid?: string | undefined }): boolean =>
    one.url !== undefined || one.appid !== undefined
  const cardAction = z
    .strictObject(jumpFields)
    .refine(hasTarget, leadsNowhere)
    .describe('What a tap on the card opens.')
  const source = z.strictObject({
    icon_url: url.optional(),
    desc: text('Up to 20 characters.').optional(),
    desc_color: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).optional(),
  })
  const mainTitle = z.strictObject({
    title: text('Up to 36 characters.'),
    desc: text('Up to 44 characters.').optional(),
  })
  const taskId = z
    .string()
    .regex(
      stage === 'document' ? /^([0-9A-Za-z_@-]{1,128}|.*\{\{.*)$/s : /^[0-9A-Za-z_@-]{1,128}$/,
      'is no task id: 1 to 128 of 0-9 A-Z a-z _ - @',
    )
    .describe('Unique for each card that is sent. Better left out: each card gets one of its own.')
    .optional()
  const head = { source: source.optional(), task_id: taskId }
  const notice = {
    ...head,
    action_menu: z
      .strictObject({
        desc: text('Shown above the menu.').optional(),
        action_list: z
          .array(z.strictObject({ text: text('An entry.'), key }))
          .min(1)
          .max(3),
      })
      .describe('The menu at the corner of the card, 1 to 3 entries.')
      .optional(),
    quote_area: z
      .strictObject({ ...jumpFields, title: text('').optional(), quote_text: text('').optional() })
      .optional(),
    horizontal_content_list: z
      .array(
        z.strictObject({
          type: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).optional(),
          keyname: text('Up to 5 characters.'),
          value: text('Up to 30 characters.').optional(),
          url: url.optional(),
          material: z.string().min(1).describe('Key of a file material.').optional(),
          userid: z.string().min(1).optional(),
        }),
      )
      .max(6)
      .describe('Rows of two columns, at most 6.')
      .optional(),
  }
  const jumps = z
    .array(
      z.strictObject({ ...jumpFields, title: text('Up to 18 characters.') }).refine(hasTarget, leadsNowhere),
    )
    .max(3)
    .optional()
  const id = textWithin(128, stage, 'refused')
  const option = z.strictObject({ id, text: text('Up to 16 characters.') })
  const question = z.string().min(1)
  const select = z.strictObject({
    question_key: question,
    title: text('').optional(),
    selected_id: z.string().optional(),
    option_list: z.array(option).min(1).max(10),
  })
  const submit = z.strictObject({ text: text('Up to 10 characters.'), key })
  const longTitle = z.strictObject({
    title: text('Up to 36 characters, of a vote 16.'),
    desc: text('Up to 160 characters.').optional(),
  })
  return z
    .discriminatedUnion(
      'card_type',
      [
        z.strictObject({
          card_type: z.literal('text_notice'),
          ...notice,
          main_title: mainTitle.partial().optional(),
          emphasis_content: z
            .strictObject({ title: text('Up to 14 characters.').optional(), desc: text('').optional() })
            .optional(),
          sub_title_text: text('Up to 160 characters.').optional(),
          jump_list: jumps,
          card_action: cardAction,
        }),
        z.strictObject({
          card_type: z.literal('news_notice'),
          ...notice,
          main_title: mainTitle,
          card_image: z
            .strictObject({ url, aspect_ratio: z.number().min(1.3).max(2.25).optional() })
            .optional(),
          image_text_area: z
            .strictObject({
              ...jumpFields,
              title: text('').optional(),
              desc: text('').optional(),
              image_url: url,
            })
            .optional(),
          vertical_content_list: z
            .array(
              z.strictObject({
                title: text('Up to 38 characters.'),
                desc: text('Up to 160 characters.').optional(),
              }),
            )
            .max(4)
            .optional(),
          jump_list: jumps,
          card_action: cardAction,
        }),
        z.strictObject({
          card_type: z.literal('button_interaction'),
          ...notice,
          main_title: mainTitle,
          sub_title_text: text('Up to 160 characters.').optional(),
          card_action: cardAction.optional(),
          button_selection: select.optional(),
          button_list: z
            .array(
              z
                .strictObject({
                  type: z.union([z.literal(0), z.literal(1)]).optional(),
                  text: text('Up to 10 characters.'),
                  style: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]).optional(),
                  key: key.optional(),
                  url: url.optional(),
                })
                .refine(
                  one => (one.key === undefined) !== (one.url === undefined),
                  'has neither or both of key and url',
                ),
            )
            .min(1)
            .max(6),
        }),
        z.strictObject({
          card_type: z.literal('vote_interaction'),
          ...head,
          main_title: longTitle,
          checkbox: z.strictObject({
            question_key: question,
            mode: z
              .union([z.literal(0), z.literal(1)])
              .describe('0 one option, 1 several.')
              .optional(),
            option_list: z
              .array(option.extend({ is_checked: z.boolean().optional() }))
              .min(1)
              .max(20),
          }),
          submit_button: submit,
        }),
        z.strictObject({
          card_type: z.literal('multiple_interaction'),
          ...head,
          main_title: longTitle,
          select_list: z.array(select).min(1).max(3),
          submit_button: submit,
        }),
      ],
      {
        error:
          'is none of the card types text_notice, news_notice, button_interaction, vote_interaction, multiple_interaction',
      },
    )
    .superRefine((card, context) => {
      const missing = lacks(card)
      if (missing !== undefined) context.addIssue({ code: 'custom', message: missing })
    })
}

export type Card = z.output<ReturnType<typeof buildCard>>

function lacks(card: Card): string | undefined {
  if (
    card.card_type === 'text_notice' &&
    card.main_title?.title === undefined &&
    card.sub_title_text === undefined
  )
    return 'has neither main_title.title nor sub_title_text'
  if (card.card_type === 'news_notice' && card.card_image === undefined && card.image_text_area === undefined)
    return 'has neither card_image nor image_text_area'
  return undefined
}

/** Whether a click on it comes back to us: only such a card has a task, and can be updated. */
export function isInteractive(card: Card): boolean {
  return !card.card_type.endsWith('_notice') || ('action_menu' in card && card.action_menu !== undefined)
}

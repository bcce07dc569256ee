import { z } from 'zod'
import { cardParts } from './card-parts.ts'
import { perStage, type Stage } from './message-text.ts'

/**
 * A template card (`path/90236`), with the platform's own names of its fields, so that what its card editor makes can be pasted.
 * Counts and bytes are limits; the lengths in characters are what the client shows whole. `type` of a jump, row or
 * button may be left out, and a file is named as `material`.
 */
export const cardSchema = perStage(buildCard)

function buildCard(stage: Stage) {
  const { text, url, key, jumpFields, head, notice, mainTitle, longTitle, ...parts } = cardParts(stage)
  const { jumps, cardAction, question, option, select, submit } = parts
  const kind = <T extends string>(name: T) => z.literal(name).describe('Which kind of card it is.')
  return z
    .discriminatedUnion(
      'card_type',
      [
        z.strictObject({
          card_type: kind('text_notice'),
          ...notice,
          main_title: mainTitle.partial().describe('The title of the card.').optional(),
          emphasis_content: z
            .strictObject({
              title: text('The figure. Up to 14 characters.').optional(),
              desc: text('What it counts. Up to 22 characters.').optional(),
            })
            .describe('A figure in large type.')
            .optional(),
          sub_title_text: text('The text. Up to 160 characters.').optional(),
          jump_list: jumps,
          card_action: cardAction,
        }),
        z.strictObject({
          card_type: kind('news_notice'),
          ...notice,
          main_title: mainTitle,
          card_image: z
            .strictObject({
              url: url('Address of the picture.'),
              aspect_ratio: z.number().min(1.3).max(2.25).describe('Its width by its height.').optional(),
            })
            .describe('A picture across the card. There must be this or image_text_area.')
            .optional(),
          image_text_area: z
            .strictObject({
              ...jumpFields,
              title: text('Title beside the picture.').optional(),
              desc: text('Text beside the picture.').optional(),
              image_url: url('Address of the picture.'),
            })
            .describe('A small picture with text beside it.')
            .optional(),
          vertical_content_list: z
            .array(
              z.strictObject({
                title: text('Title of the paragraph. Up to 38 characters.'),
                desc: text('Its text. Up to 160 characters.').optional(),
              }),
            )
            .max(4)
            .describe('Paragraphs below the picture.')
            .optional(),
          jump_list: jumps,
          card_action: cardAction,
        }),
        z.strictObject({
          card_type: kind('button_interaction'),
          ...notice,
          main_title: mainTitle,
          sub_title_text: text('The text. Up to 160 characters.').optional(),
          card_action: cardAction.optional(),
          button_selection: select.describe('A list to choose from, above the buttons.').optional(),
          button_list: z
            .array(
              z
                .strictObject({
                  type: z
                    .union([z.literal(0), z.literal(1)])
                    .describe('0: sends key, 1: opens url. May be left out.')
                    .optional(),
                  text: text('What the button says. Up to 10 characters.'),
                  style: z
                    .union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)])
                    .describe('One of four looks.')
                    .optional(),
                  key: key.optional(),
                  url: url('Page that a click opens, instead of sending key.').optional(),
                })
                .refine(
                  one => (one.key === undefined) !== (one.url === undefined),
                  'has neither or both of key and url',
                ),
            )
            .min(1)
            .max(6)
            .describe('The buttons.'),
        }),
        z.strictObject({
          card_type: kind('vote_interaction'),
          ...head,
          main_title: longTitle,
          checkbox: z
            .strictObject({
              question_key: question,
              mode: z
                .union([z.literal(0), z.literal(1)])
                .describe('0: one choice, 1: several.')
                .optional(),
              option_list: z
                .array(
                  option.extend({
                    is_checked: z.boolean().describe('Whether it is ticked already.').optional(),
                  }),
                )
                .min(1)
                .max(20)
                .describe('The choices.'),
            })
            .describe('What can be ticked.'),
          submit_button: submit,
        }),
        z.strictObject({
          card_type: kind('multiple_interaction'),
          ...head,
          main_title: longTitle,
          select_list: z.array(select).min(1).max(3).describe('Lists to choose from.'),
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

export type Card = z.output<ReturnType<typeof cardSchema>>

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

import { z } from 'zod'
import { addressWithin, type Stage, textWithin } from './message-text.ts'

/** Of a jump: what it opens follows from which of the two is there, where `type` does not say. */
const leadsNowhere = 'leads nowhere: give url, or appid with pagepath'

/** Keys of buttons and menus: a click sends one back, where it names a command line (`path/90236`). */
const keyBytes = 1_024

/** What the kinds of template cards are made of; those that several have stand here once. */
export function cardParts(stage: Stage) {
  const text = (about: string) => textWithin(4_096, stage).describe(about)
  const url = (about: string) => addressWithin(2_048, stage).describe(about)
  const key = textWithin(keyBytes, stage, 'refused').describe(
    'What a click sends: a command line such as 跟进 张三. At most 1,024 bytes.',
  )
  const jumpFields = {
    type: z
      .union([z.literal(0), z.literal(1), z.literal(2)])
      .describe('0: opens nothing, 1: url, 2: mini program. May be left out.')
      .optional(),
    url: url('Page that a tap opens.').optional(),
    appid: z.string().describe('Mini program that a tap opens.').optional(),
    pagepath: z.string().describe('Page of the mini program.').optional(),
  }
  const hasTarget = (one: { url?: string | undefined; appid?: string | undefined }): boolean =>
    one.url !== undefined || one.appid !== undefined
  const cardAction = z
    .strictObject(jumpFields)
    .refine(hasTarget, leadsNowhere)
    .describe('What a tap on the card opens; a notice must have one.')
  const source = z
    .strictObject({
      icon_url: url('Address of the icon, 72×72.').optional(),
      desc: text('Name of the sender. Up to 20 characters.').optional(),
      desc_color: z
        .union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)])
        .describe('Colour of the name; 0: grey, 1: black, 2: red, 3: green.')
        .optional(),
    })
    .describe('The line at the top: whom the card comes from.')
  const mainTitle = z
    .strictObject({
      title: text('The title. Up to 36 characters.'),
      desc: text('The line below it. Up to 44 characters.').optional(),
    })
    .describe('The title of the card.')
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
          .array(z.strictObject({ text: text('What the entry says.'), key }))
          .min(1)
          .max(3)
          .describe('Its entries.'),
      })
      .describe('The menu at the corner of the card, 1 to 3 entries.')
      .optional(),
    quote_area: z
      .strictObject({
        ...jumpFields,
        title: text('Whose words they are.').optional(),
        quote_text: text('The words.').optional(),
      })
      .describe('A quotation.')
      .optional(),
    horizontal_content_list: z
      .array(
        z.strictObject({
          type: z
            .union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)])
            .describe('0: only text, 1: url, 2: file, 3: a member’s profile. May be left out.')
            .optional(),
          keyname: text('The left column. Up to 5 characters.'),
          value: text('The right column. Up to 30 characters.').optional(),
          url: url('Page that a tap on the right column opens.').optional(),
          material: z.string().min(1).describe('Key of a file material, which a tap opens.').optional(),
          userid: z.string().min(1).describe('Member whose profile a tap opens.').optional(),
        }),
      )
      .max(6)
      .describe('Rows of two columns, at most 6.')
      .optional(),
  }
  const jumps = z
    .array(
      z
        .strictObject({ ...jumpFields, title: text('What the link says. Up to 18 characters.') })
        .refine(hasTarget, leadsNowhere),
    )
    .max(3)
    .describe('Links at the foot of the card.')
    .optional()
  const id = textWithin(128, stage, 'refused').describe(
    'What the click says was chosen, in event.selected. At most 128 bytes.',
  )
  const option = z.strictObject({ id, text: text('What the choice says. Up to 16 characters.') })
  const question = z.string().min(1).describe('Name of the question, in event.selected.')
  const select = z.strictObject({
    question_key: question,
    title: text('What stands before the list.').optional(),
    selected_id: z.string().describe('Id of the choice that is made already.').optional(),
    option_list: z.array(option).min(1).max(10).describe('The choices.'),
  })
  const submit = z
    .strictObject({ text: text('What the button says. Up to 10 characters.'), key })
    .describe('The button that sends what was chosen.')
  const longTitle = z
    .strictObject({
      title: text('The title. Up to 36 characters, of a vote 16.'),
      desc: text('The line below it. Up to 160 characters.').optional(),
    })
    .describe('The title of the card.')
  return {
    text,
    url,
    key,
    jumpFields,
    head,
    notice,
    mainTitle,
    longTitle,
    jumps,
    cardAction,
    question,
    option,
    select,
    submit,
  }
}

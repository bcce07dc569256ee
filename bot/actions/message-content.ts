import { z } from 'zod'
import type { MaterialKind } from '../../models/material.ts'
import type { Named } from './define.ts'
import { cardSchema } from './message-card.ts'
import { addressWithin, anyText, perStage, type Stage, textWithin } from './message-text.ts'

/** What a message may say (`path/90236`). */
export const contentKinds = [
  'text',
  'markdown',
  'image',
  'voice',
  'video',
  'file',
  'textcard',
  'news',
  'mpnews',
  'miniprogram_notice',
  'template_card',
] as const
export type ContentKind = (typeof contentKinds)[number]

const material = (kind: string) => z.string().min(1).describe(`Key of ${kind} material.`)

/** What an article of `news` says, the same for apps and robots. */
function articleFields(stage: Stage) {
  return {
    title: textWithin(128, stage).describe('The title. At most 128 bytes, cut beyond.'),
    description: textWithin(512, stage)
      .describe('What it is about. At most 512 bytes, cut beyond.')
      .optional(),
    picture: addressWithin(2_048, stage).describe('Address of a JPG or PNG, 1068×455 or 150×150.').optional(),
  }
}

/** An article of a robot opens no mini program. */
export function robotArticleSchema(stage: Stage) {
  const { title, description, picture } = articleFields(stage)
  return z.strictObject({
    title,
    description,
    url: addressWithin(2_048, stage).describe('Page that it opens.'),
    picture,
  })
}

function articleSchema(stage: Stage) {
  const { title, description, picture } = articleFields(stage)
  return z
    .strictObject({
      ...{ title, description },
      url: addressWithin(2_048, stage).describe('Page that it opens.').optional(),
      picture,
      appid: z
        .string()
        .min(1)
        .describe('Mini program that it opens instead of url; needs pagepath.')
        .optional(),
      pagepath: textWithin(128, stage, 'refused').describe('Page of the mini program.').optional(),
    })
    .refine(
      one => one.url !== undefined || (one.appid !== undefined && one.pagepath !== undefined),
      'leads nowhere: give url, or appid with pagepath',
    )
}

/** The contents that an app message may have, by their platform names; a message has exactly one of them. */
export const contentFields = perStage(buildContents)

function buildContents(stage: Stage) {
  return {
    text: anyText(stage).describe('Plain text, with <a href> where wanted.').optional(),
    markdown: textWithin(2_048, stage, 'refused')
      .describe(
        'The platform’s subset of markdown, at most 2,048 bytes, refused beyond; not shown in WeChat.',
      )
      .optional(),
    image: material('an image').optional(),
    voice: material('a voice').optional(),
    video: z
      .strictObject({
        material: material('a video'),
        title: textWithin(128, stage).describe('Its title. At most 128 bytes, cut beyond.').optional(),
        description: textWithin(512, stage)
          .describe('What it is about. At most 512 bytes, cut beyond.')
          .optional(),
      })
      .describe('A video.')
      .optional(),
    file: material('a file').optional(),
    textcard: z
      .strictObject({
        title: textWithin(128, stage).describe('The title. At most 128 bytes, cut beyond.'),
        description: textWithin(512, stage).describe(
          'The text. At most 512 bytes, cut beyond; may hold br and <div class="gray|normal|highlight">.',
        ),
        url: addressWithin(2_048, stage).describe('Page that a tap opens.'),
        button: textWithin(12, stage)
          .describe('What the button says: up to 4 characters, 详情 where left out.')
          .optional(),
      })
      .describe('A card of text that opens a page.')
      .optional(),
    news: z.array(articleSchema(stage)).min(1).max(8).describe('Cards of links.').optional(),
    mpnews: z
      .array(
        z.strictObject({
          title: textWithin(128, stage).describe('The title. At most 128 bytes, cut beyond.'),
          cover: material('an image'),
          content: textWithin(666 * 1_024, stage, 'refused').describe(
            'The article itself, in HTML, at most 666 KB.',
          ),
          author: textWithin(64, stage).describe('Who wrote it. At most 64 bytes, cut beyond.').optional(),
          url: addressWithin(2_048, stage).describe('Page that 阅读原文 opens.').optional(),
          digest: textWithin(512, stage)
            .describe('What it is about. At most 512 bytes, cut beyond.')
            .optional(),
        }),
      )
      .min(1)
      .max(8)
      .describe('Articles that the platform keeps.')
      .optional(),
    miniprogram_notice: z
      .strictObject({
        appid: z.string().min(1).describe('The mini program; the app must be bound to it.'),
        page: textWithin(1_024, stage, 'refused')
          .describe('Page of it that a tap opens; the first one where left out.')
          .optional(),
        title: textWithin(36, stage).describe('The title. 4 to 12 Chinese characters.'),
        description: textWithin(36, stage)
          .describe('The line below it. 4 to 12 Chinese characters.')
          .optional(),
        emphasis_first_item: z.boolean().describe('Shows the first row in large type.').optional(),
        content_item: z
          .array(
            z.strictObject({
              key: textWithin(30, stage).describe('The left column. Up to 10 Chinese characters.'),
              value: textWithin(90, stage).describe('The right column. Up to 30 Chinese characters.'),
            }),
          )
          .max(10)
          .describe('Rows of two columns.')
          .optional(),
      })
      .describe('A notice of a mini program.')
      .optional(),
    template_card: cardSchema(stage).describe('A card, with buttons or without.').optional(),
  }
}

export type Content = z.output<z.ZodObject<ReturnType<typeof contentFields>>>

/** Which of these contents are there. */
export function kindsIn(one: object, kinds: readonly string[] = contentKinds): string[] {
  return kinds.filter(kind => (one as Record<string, unknown>)[kind] !== undefined)
}

/** For `superRefine`, with `always` of define.ts: a message says exactly one thing. */
export function exactlyOne(kinds: readonly string[] = contentKinds) {
  return (one: object, context: z.RefinementCtx): void => {
    const found = kindsIn(one, kinds)
    if (found.length === 1) return
    const given = found.length === 0 ? `has none of ${kinds.join(', ')}` : `has ${found.join(' and ')}`
    context.addIssue({ code: 'custom', message: `${given}: a message has exactly one content` })
  }
}

/** The materials that a document's content names; what is a template names nothing yet. */
export function materialsIn(params: Record<string, unknown>): Named[] {
  const found: Named[] = []
  const add = (path: string, name: unknown, kind: MaterialKind): void => {
    if (typeof name === 'string') found.push({ kind: 'material', name, path, kinds: [kind] })
  }
  for (const kind of ['image', 'voice', 'file'] as const) add(kind, params[kind], kind)
  add('video.material', partOf(params.video).material, 'video')
  for (const [at, article] of listOf(params.mpnews).entries())
    add(`mpnews.${at}.cover`, partOf(article).cover, 'image')
  const rows = listOf(partOf(params.template_card).horizontal_content_list)
  for (const [at, row] of rows.entries())
    add(`template_card.horizontal_content_list.${at}.material`, partOf(row).material, 'file')
  return found
}

function partOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

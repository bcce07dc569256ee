import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Robot } from '../wecom/robot.ts'
import type { WireRobotMessage } from '../wecom/wire/robot.ts'
import { type ActionContext, ActionRefused, always, defineAction, type Named } from './define.ts'
import { fileOf } from './media.ts'
import { type MediaOf, textBytes, toArticle, toCard } from './message-body.ts'
import { cardSchema, isInteractive } from './message-card.ts'
import { exactlyOne, materialsIn, robotArticleSchema } from './message-content.ts'
import { materialOf, namedMedia } from './message-media.ts'
import { type Stage, textWithin } from './message-text.ts'
import { membersIn, recipientWords, resolveMembers } from './recipients.ts'

const kinds = ['text', 'markdown', 'markdown_v2', 'image', 'news', 'file', 'voice', 'template_card'] as const

/** A picture of a robot, in bytes before base64 (`path/99110`). */
const pictureBytes = 2 * 1_024 * 1_024
const markdownBytes = 4_096

const material = (kind: string) => z.string().min(1).describe(`Key of ${kind} material.`)

const params = (stage: Stage) =>
  z
    .strictObject({
      robot: z.string().trim().min(1).describe('Name of a robot that was added by sidekick robot add.'),
      text: textWithin(textBytes, stage).describe('At most 2,048 bytes, cut beyond.').optional(),
      mention: z
        .array(z.string().trim().min(1))
        .describe('With text: userids, staff, lead, leads, admin, or @all, written out.')
        .optional(),
      mentionMobiles: z
        .array(z.string().trim().min(1))
        .describe('With text: mobile numbers of members whose userids are not known, or @all, written out.')
        .optional(),
      markdown: textWithin(markdownBytes, stage, 'refused')
        .describe(
          'The subset of app messages, at most 4,096 bytes, refused beyond; <@userid> mentions, where the document and no fact says it.',
        )
        .optional(),
      markdown_v2: textWithin(markdownBytes, stage, 'refused')
        .describe('With tables, lists, pictures and code, without colours and mentions; at most 4,096 bytes.')
        .optional(),
      image: material('an image')
        .describe('Key of an image material, JPG or PNG of at most 2 MB.')
        .optional(),
      news: z
        .array(robotArticleSchema(stage))
        .min(1)
        .max(8)
        .describe('Cards of links, each with its url.')
        .optional(),
      file: material('a file').optional(),
      voice: material('a voice').optional(),
      template_card: cardSchema(stage)
        .refine(
          card => card.card_type.endsWith('_notice') && !isInteractive(card),
          'is no text_notice or news_notice without action_menu: no click comes back from a robot',
        )
        .describe('A `text_notice` or `news_notice` without action_menu.')
        .optional(),
    })
    .superRefine(exactlyOne(kinds), always)
    .superRefine((one, context) => {
      const mentions = one.mention !== undefined || one.mentionMobiles !== undefined
      if (mentions && one.text === undefined)
        context.addIssue({ code: 'custom', path: ['mention'], message: 'goes with text only' })
    })
type Params = z.output<ReturnType<typeof params>>

/**
 * Says something in the group of a robot (消息推送, `path/99110`). A robot may say 20 things a minute, over all instances; what
 * exceeds that waits.
 */
export const robotSend = defineAction({
  id: 'robot.send',
  title: '群机器人发消息',
  summary:
    'Says something in a group by one of the corp’s robots, 20 messages a minute for each. A message whose fate is unknown is not sent again.',
  output: z.strictObject({}),
  effect: 'external',
  idempotent: false,
  mentioning: ['text', 'markdown'],
  wide: { mention: ['@all', ...recipientWords], mentionMobiles: ['@all'] },
  params: params('document'),
  filled: params('filled'),
  names: params => [
    ...robotIn(params.robot),
    ...membersIn(params.mention, 'mention'),
    ...materialsIn(params),
  ],
  async run(context, given) {
    const robot = await robotOf(context, given.robot)
    const { key: cause, signal } = context
    await robot.send(await messageOf(context, given, uploadedBy(context, robot)), { cause, signal })
    return {}
  },
  async preview(context, given) {
    await robotOf(context, given.robot)
    const named = namedMedia(context)
    if (given.image !== undefined) return { robot: given.robot, image: await named(given.image, 'image') }
    return { robot: given.robot, ...(await messageOf(context, given, named)) }
  },
})

function robotIn(name: unknown): Named[] {
  return typeof name === 'string' ? [{ kind: 'robot', name, path: 'robot' }] : []
}

async function robotOf(context: ActionContext, name: string): Promise<Robot> {
  const robot = await context.robot(name)
  if (robot === undefined)
    throw new ActionRefused('robot_unknown', `没有叫“${name}”的群机器人，请让管理员先添加。`)
  return robot
}

/** What a robot sends must have been uploaded by itself. */
function uploadedBy(context: ActionContext, robot: Robot): MediaOf {
  return async (key, kind) => {
    const file = await fileOf(context.models, await materialOf(context, key, kind))
    return robot.upload(kind === 'voice' ? 'voice' : 'file', file, { signal: context.signal })
  }
}

async function messageOf(context: ActionContext, given: Params, media: MediaOf): Promise<WireRobotMessage> {
  const { text, markdown, markdown_v2, image, news, file, voice, template_card } = given
  if (text !== undefined)
    return { msgtype: 'text', text: { content: text, ...(await mentionsOf(context, given)) } }
  if (markdown !== undefined) return { msgtype: 'markdown', markdown: { content: markdown } }
  if (markdown_v2 !== undefined) return { msgtype: 'markdown_v2', markdown_v2: { content: markdown_v2 } }
  if (image !== undefined) return { msgtype: 'image', image: await pictureOf(context, image) }
  if (news !== undefined) return { msgtype: 'news', news: { articles: news.map(toArticle) } }
  if (file !== undefined) return { msgtype: 'file', file: { media_id: await media(file, 'file') } }
  if (voice !== undefined) return { msgtype: 'voice', voice: { media_id: await media(voice, 'voice') } }
  if (template_card !== undefined)
    return { msgtype: 'template_card', template_card: await toCard(template_card, media, context.key) }
  throw new TypeError('a message without content')
}

async function mentionsOf(context: ActionContext, { mention, mentionMobiles }: Params) {
  const everybody = mention?.includes('@all') ? ['@all'] : []
  const members = await resolveMembers(
    context,
    (mention ?? []).filter(one => one !== '@all'),
  )
  const list = [...everybody, ...members]
  return {
    ...(list.length > 0 && { mentioned_list: list }),
    ...(mentionMobiles !== undefined && { mentioned_mobile_list: mentionMobiles }),
  }
}

/** How a JPG and a PNG begin. */
const beginnings = [Buffer.from('ffd8ff', 'hex'), Buffer.from('89504e47', 'hex')]

function isPicture(bytes: Buffer): boolean {
  return beginnings.some(beginning => bytes.subarray(0, beginning.length).equals(beginning))
}

async function pictureOf(context: ActionContext, key: string): Promise<{ base64: string; md5: string }> {
  const material = await materialOf(context, key, 'image')
  const bytes = Buffer.from((await fileOf(context.models, material)).bytes)
  if (bytes.length > pictureBytes)
    throw new ActionRefused('picture_too_big', `素材“${key}”超过 2 MB，群机器人发不了，请换一张小一些的。`)
  if (!isPicture(bytes))
    throw new ActionRefused('picture_unfit', `素材“${key}”不是 JPG 或 PNG 图片，群机器人发不了，请换一张。`)
  return { base64: bytes.toString('base64'), md5: createHash('md5').update(bytes).digest('hex') }
}

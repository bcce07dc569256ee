import { z } from 'zod'
import { WecomError } from '../wecom/errors.ts'
import type { WireMessage, WireMessageResult } from '../wecom/wire/message.ts'
import { type ActionContext, ActionRefused, always, defineAction, type Named } from './define.ts'
import { messageBody } from './message-body.ts'
import { type ContentKind, contentFields, exactlyOne, kindsIn, materialsIn } from './message-content.ts'
import { namedMedia, withMedia } from './message-media.ts'
import { type Stage, textWithin } from './message-text.ts'
import { namedIn } from './named.ts'
import { membersIn, recipientWords, resolveMembers } from './recipients.ts'
import { shorten } from './texts.ts'

/** Of all recipients none can be reached (`path/90236`). */
const NOBODY = 81013

const mayBeSafe: readonly ContentKind[] = ['text', 'image', 'video', 'file', 'mpnews']
const mayHaveNames: readonly ContentKind[] = [
  'text',
  'textcard',
  'news',
  'mpnews',
  'miniprogram_notice',
  'template_card',
]

const name = z.string().trim().min(1)

const recipients = z
  .strictObject({
    users: z
      .array(name)
      .max(1_000)
      .describe(
        'Userids, staff, lead, leads, admin; or, written out and alone, @all, which is everybody who sees the app.',
      )
      .default([]),
    departments: z
      .array(name)
      .max(100)
      .describe('Ids, or name:销售部; with all below them. The root department, written out, is everybody.')
      .default([]),
    tags: z
      .array(name)
      .max(100)
      .describe('Ids of contact tags (成员标签), not of customer tags.')
      .default([]),
  })
  .superRefine(({ users, departments, tags }, context) => {
    const others = users.length - 1 + departments.length + tags.length
    if (others < 0)
      context.addIssue({ code: 'custom', message: 'names nobody: give users, departments or tags' })
    if (users.includes('@all') && others > 0)
      context.addIssue({ code: 'custom', message: 'names @all and others: @all stands alone in users' })
  })
  .describe('Who gets it; at least one of these three.')

const params = (stage: Stage) =>
  z
    .strictObject({
      to: recipients,
      ...contentFields(stage),
      text: textWithin(2_048, stage).describe('At most 2,048 bytes, cut beyond.').optional(),
      safe: z
        .union([z.literal(0), z.literal(1), z.literal(2)])
        .describe('1: with a watermark and not to be shared; 2: within the corp only, mpnews alone.')
        .optional(),
      idTrans: z
        .boolean()
        .describe('Has $userName=USERID$ and $departmentName=ID$ shown as names.')
        .optional(),
    })
    .superRefine(exactlyOne(), always)
    .superRefine((one, context) => {
      const [kind = ''] = kindsIn(one)
      const refuse = (message: string, ...path: string[]): void =>
        context.addIssue({ code: 'custom', message, path })
      if ((one.safe ?? 0) > 0 && !(mayBeSafe as readonly string[]).includes(kind))
        refuse(`is not for ${kind}: only ${mayBeSafe.join(', ')} can be kept from being shared`, 'safe')
      if (one.safe === 2 && kind !== 'mpnews') refuse('is 2, which only mpnews knows', 'safe')
      if (one.idTrans === true && !(mayHaveNames as readonly string[]).includes(kind))
        refuse(`is not for ${kind}: only ${mayHaveNames.join(', ')} hold names`, 'idTrans')
      if (kind === 'miniprogram_notice' && one.to.users.includes('@all'))
        refuse('is @all, to whom no miniprogram_notice can be sent', 'to', 'users')
    })
type Params = z.output<ReturnType<typeof params>>

/**
 * Sends an app message (`path/90236`). Messages to members are counted, 29 a minute each over all instances, and wait; those to
 * departments, tags and `@all` are not, and the platform drops what is too many without a word.
 */
export const appSend = defineAction({
  id: 'app.send',
  title: '发送应用消息',
  summary:
    'Sends an app message of any kind to members, departments or contact tags, as the corp’s own app. A message whose fate is unknown is not sent again.',
  output: z.strictObject({
    msgid: z.string().describe('Id of the message.'),
    invalid: z
      .strictObject({
        users: z.array(z.string()).describe('Userids, in lower case.'),
        departments: z.array(z.string()).describe('Ids of departments.'),
        tags: z.array(z.string()).describe('Ids of contact tags.'),
      })
      .describe('Whom the platform could not reach.'),
    unlicensed: z.array(z.string()).describe('Userids of members whose account has no licence.'),
    responseCode: z
      .string()
      .describe('Of a card with buttons: with it the card can be changed once, within 72 hours.')
      .optional(),
  }),
  effect: 'external',
  idempotent: false,
  wide: { 'to.users': ['@all', ...recipientWords] },
  params: params('document'),
  filled: params('filled'),
  names: params => [...namesIn(params), ...materialsIn(params)],
  async run(context, given) {
    const to = await addresses(context, given)
    const result = await withMedia(context, async media => {
      const body = await messageBody(given, media, context.key)
      return send(context, { ...to, ...optionsOf(context, given), ...body })
    })
    return {
      msgid: result.msgid,
      invalid: {
        users: split(result.invaliduser),
        departments: split(result.invalidparty),
        tags: split(result.invalidtag),
      },
      unlicensed: split(result.unlicenseduser),
      ...(result.response_code !== undefined && { responseCode: result.response_code }),
    }
  },
  async preview(context, given) {
    const body = await messageBody(given, namedMedia(context), context.key)
    return { ...(await addresses(context, given)), ...optionsOf(context, given), ...body }
  },
})

async function send(context: ActionContext, message: WireMessage): Promise<WireMessageResult> {
  try {
    const { key: cause, signal } = context
    return await context.client.call('message/send', message, { cause, signal })
  } catch (error) {
    if (!(error instanceof WecomError && error.errcode === NOBODY)) throw error
    throw new ActionRefused('nobody_reached', '收件人都无效，或不在应用可见范围内，消息没有发出。', {
      cause: error,
    })
  }
}

type Options = Pick<WireMessage, 'agentid' | 'safe' | 'enable_id_trans'>

function optionsOf({ corp }: ActionContext, { safe, idTrans }: Params): Options {
  return {
    agentid: Number(corp.agentId),
    ...(safe !== undefined && { safe }),
    ...(idTrans === true && { enable_id_trans: 1 }),
  }
}

/** @throws ActionRefused when nobody is left to send to, a department is not there, or a template brings what is no id */
async function addresses(
  context: ActionContext,
  { to }: Params,
): Promise<Pick<WireMessage, 'touser' | 'toparty' | 'totag'>> {
  const users = to.users.includes('@all') ? ['@all'] : await resolveMembers(context, to.users)
  const departments = await resolveDepartments(context, to.departments)
  const noId = [...departments, ...to.tags].find(one => !/^\d+$/.test(one))
  if (noId !== undefined)
    throw new ActionRefused(
      'recipient_unfit',
      `“${shorten(noId)}”不是部门或成员标签的编号，消息没有发出。编号是一个数字，一次写一个。`,
    )
  if (users.length + departments.length + to.tags.length === 0)
    throw new ActionRefused('nobody_named', '没有可以收到消息的成员：收件人是空的。')
  return {
    ...(users.length > 0 && { touser: users.join('|') }),
    ...(departments.length > 0 && { toparty: departments.join('|') }),
    ...(to.tags.length > 0 && { totag: to.tags.join('|') }),
  }
}

const byName = 'name:'

/** The root department (`path/90208`), with everybody below it. */
const root = 1

async function resolveDepartments(context: ActionContext, names: readonly string[]): Promise<string[]> {
  const wanted = names.filter(one => one.startsWith(byName)).map(one => one.slice(byName.length).trim())
  const held =
    wanted.length === 0
      ? []
      : await context.models.departments
          .find(
            { corpId: context.corp.corpId, name: { $in: wanted }, removedAt: null },
            { departmentId: 1, name: 1 },
          )
          .lean()
  const missing = wanted.find(one => !held.some(department => department.name === one))
  if (missing !== undefined)
    throw new ActionRefused('department_unknown', `没有叫“${missing}”的部门，消息没有发出。`)
  const ids = names.map(one => {
    if (!one.startsWith(byName)) return [one]
    const called = one.slice(byName.length).trim()
    return held.filter(department => department.name === called).map(department => department.departmentId)
  })
  const wide = ids.find((own, at) => own.some(isRoot) && isFilled(context, `to.departments.${at}`))
  if (wide !== undefined)
    throw new ActionRefused(
      'everybody_unwritten',
      '顶层部门就是整个公司，只能直接写在处理器里，不能由消息或资料带进来。',
    )
  return [...new Set(ids.flat())]
}

const isRoot = (id: string): boolean => Number(id) === root

/** Whether a template brought what stands there, or the list around it. */
function isFilled({ filledIn }: ActionContext, at: string): boolean {
  return filledIn.some(one => at === one || at.startsWith(`${one}.`))
}

function namesIn({ to }: Record<string, unknown>): Named[] {
  const lists = (to ?? {}) as Record<string, unknown>
  const named = [...namedIn('department', lists, 'departments'), ...namedIn('contact_tag', lists, 'tags')]
  return [...membersIn(lists.users, 'to.users'), ...named.map(one => ({ ...one, path: `to.${one.path}` }))]
}

function split(joined: string | undefined): string[] {
  return (joined ?? '').split('|').filter(one => one !== '')
}

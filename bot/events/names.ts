import type { HandlerStart } from '../../models/inbox-event.ts'
import {
  acquisition,
  added,
  archiveAgreed,
  batch,
  cardClick,
  directory,
  group,
  joined,
  left,
  link,
  location,
  menuClick,
  menuView,
  pair,
  removed,
  reportedLocation,
  tag,
  transferFailed,
} from './read.ts'
import type { Wire } from './wire.ts'

/** Which queue an event waits in: events of one key run one after the other. */
type Order = 'staff' | 'customer' | 'group' | 'corp'

interface EventDefinition {
  /** For people. */
  title: string
  /** Events that share an order key run one after the other. */
  order: Order
  /** The HTTP response may carry an answer (`path/90241`). */
  passiveReply: boolean
  /** Whom it may name: a staff member whose event it is, and the app that it came to. */
  names: readonly ('staff' | 'app')[]
  /** What is particular to this event, from WeCom's element names to ours. */
  read(wire: Wire): object
}

const member = ['staff'] as const
const memberOfApp = ['staff', 'app'] as const
const nobody = [] as const

/**
 * All that WeCom may send to an app, by the names that handlers and the inbox store: an id is never reused for another
 * meaning. Messages `path/90239`, app events `path/90240`, customer contact `path/92130`, acquisition links
 * `path/97299`, customer service `path/94670`, lives `path/94145`, directory `path/90970`.
 */
export const events = {
  'message.text': {
    title: '文字消息',
    order: 'staff',
    passiveReply: true,
    names: memberOfApp,
    read: w => ({ text: w.text('Content') }),
  },
  'message.image': {
    title: '图片消息',
    order: 'staff',
    passiveReply: true,
    names: memberOfApp,
    read: w => ({ mediaId: w.text('MediaId'), url: w.text('PicUrl') }),
  },
  'message.voice': {
    title: '语音消息',
    order: 'staff',
    passiveReply: true,
    names: memberOfApp,
    read: w => ({ mediaId: w.text('MediaId'), format: w.text('Format') }),
  },
  'message.video': {
    title: '视频消息',
    order: 'staff',
    passiveReply: true,
    names: memberOfApp,
    read: w => ({ mediaId: w.text('MediaId'), thumbMediaId: w.text('ThumbMediaId') }),
  },
  'message.location': {
    title: '位置消息',
    order: 'staff',
    passiveReply: true,
    names: memberOfApp,
    read: location,
  },
  'message.link': {
    title: '链接消息',
    order: 'staff',
    passiveReply: true,
    names: memberOfApp,
    read: link,
  },
  'app.entered': {
    title: '打开应用',
    order: 'staff',
    passiveReply: true,
    names: memberOfApp,
    read: () => ({}),
  },
  'app.subscribed': {
    title: '成员可见应用',
    order: 'staff',
    passiveReply: true,
    names: memberOfApp,
    read: () => ({}),
  },
  'app.unsubscribed': {
    title: '成员不再可见应用',
    order: 'staff',
    passiveReply: false,
    names: memberOfApp,
    read: () => ({}),
  },
  'app.location_reported': {
    title: '上报位置',
    order: 'staff',
    passiveReply: true,
    names: memberOfApp,
    read: reportedLocation,
  },
  'menu.clicked': {
    title: '点击菜单',
    order: 'staff',
    passiveReply: true,
    names: memberOfApp,
    read: menuClick,
  },
  'menu.viewed': {
    title: '菜单跳转',
    order: 'staff',
    passiveReply: false,
    names: memberOfApp,
    read: menuView,
  },
  'card.clicked': {
    title: '点击卡片',
    order: 'staff',
    passiveReply: false,
    names: memberOfApp,
    read: cardClick,
  },
  'customer.added': {
    title: '新增客户',
    order: 'customer',
    passiveReply: false,
    names: member,
    read: added,
  },
  'customer.confirmed': {
    title: '客户申请已通过',
    order: 'customer',
    passiveReply: false,
    names: member,
    read: added,
  },
  'customer.edited': {
    title: '客户备注、手机号或标签变更',
    order: 'customer',
    passiveReply: false,
    names: member,
    read: pair,
  },
  'customer.removed': {
    title: '员工删除客户',
    order: 'customer',
    passiveReply: false,
    names: member,
    read: removed,
  },
  'customer.lost': {
    title: '客户删除员工',
    order: 'customer',
    passiveReply: false,
    names: member,
    read: pair,
  },
  'customer.archive_agreed': {
    title: '客户同意会话存档',
    order: 'customer',
    passiveReply: false,
    names: member,
    read: archiveAgreed,
  },
  'transfer.failed': {
    title: '客户接替失败',
    order: 'customer',
    passiveReply: false,
    names: member,
    read: transferFailed,
  },
  'group.created': { title: '新建客户群', order: 'group', passiveReply: false, names: nobody, read: group },
  'group.member_joined': {
    title: '客户群进人',
    order: 'group',
    passiveReply: false,
    names: nobody,
    read: joined,
  },
  'group.member_left': {
    title: '客户群退人',
    order: 'group',
    passiveReply: false,
    names: nobody,
    read: left,
  },
  'group.owner_changed': {
    title: '客户群换群主',
    order: 'group',
    passiveReply: false,
    names: nobody,
    read: group,
  },
  'group.renamed': { title: '客户群改名', order: 'group', passiveReply: false, names: nobody, read: group },
  'group.notice_changed': {
    title: '客户群改公告',
    order: 'group',
    passiveReply: false,
    names: nobody,
    read: group,
  },
  'group.dismissed': { title: '客户群解散', order: 'group', passiveReply: false, names: nobody, read: group },
  'tag.created': { title: '新建标签', order: 'corp', passiveReply: false, names: nobody, read: tag },
  'tag.updated': { title: '修改标签', order: 'corp', passiveReply: false, names: nobody, read: tag },
  'tag.deleted': { title: '删除标签', order: 'corp', passiveReply: false, names: nobody, read: tag },
  'tag.reordered': { title: '标签排序', order: 'corp', passiveReply: false, names: nobody, read: tag },
  'kf.arrived': {
    title: '微信客服消息',
    order: 'corp',
    passiveReply: false,
    names: nobody,
    read: w => ({ openKfid: w.text('OpenKfId'), token: w.text('Token') }),
  },
  'living.changed': {
    title: '直播状态变更',
    order: 'corp',
    passiveReply: false,
    names: memberOfApp,
    read: w => ({ livingId: w.text('LivingId'), status: w.text('Status') }),
  },
  'batch.finished': {
    title: '异步任务完成',
    order: 'corp',
    passiveReply: false,
    names: nobody,
    read: batch,
  },
  /** Its fields are the platform's own, as they came. */
  unknown: { title: '未知事件', order: 'corp', passiveReply: false, names: memberOfApp, read: w => w.fields },
} as const satisfies Record<string, EventDefinition>

/** Families whose last part is WeCom's own ChangeType, kept as it comes. */
const families = {
  acquisition: { title: '获客助手', order: 'corp', passiveReply: false, names: member, read: acquisition },
  directory: { title: '通讯录变更', order: 'corp', passiveReply: false, names: memberOfApp, read: directory },
} as const satisfies Record<string, EventDefinition>

export type Family = keyof typeof families
export type EventName = keyof typeof events | `${Family}.${string}`

/**
 * What Sidekick tells itself: a handler is to run, because its moment has come or because somebody asked for it (see
 * `HandlerStart`). It stands beside the table and not in it: the platform never tells of it, and no trigger may name it.
 */
export type OwnEventName = 'handler.due'

/** What a handler that was started sees as `event`. */
export interface OwnEventData {
  handler: string
  by: HandlerStart['by']
  /** When it was due, as ISO text in UTC. */
  plannedAt: string
}

/** What is particular to an event of this name. */
export type EventData<N extends EventName | OwnEventName> = N extends OwnEventName
  ? OwnEventData
  : N extends keyof typeof events
    ? ReturnType<(typeof events)[N]['read']>
    : N extends `${infer F extends Family}.${string}`
      ? ReturnType<(typeof families)[F]['read']>
      : never

/** What `name` means; undefined for a name that does not exist. */
export function eventDefinition(name: string): EventDefinition | undefined {
  if (Object.hasOwn(events, name)) return events[name as keyof typeof events]
  const family = /^([a-z]+)\.[a-z_]+$/.exec(name)?.[1]
  return family !== undefined && Object.hasOwn(families, family) ? families[family as Family] : undefined
}

/** Narrows any text to a name of the table. */
export function isEventName(name: string): name is EventName {
  return eventDefinition(name) !== undefined
}

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
  /** What is particular to this event, from WeCom's element names to ours. */
  read(wire: Wire): object
}

const nothing = (): object => ({})
const pair = (w: Wire): { externalUserid: string } => ({ externalUserid: w.text('ExternalUserID') })
const key = (w: Wire): { key: string } => ({ key: w.text('EventKey') })
const group = (w: Wire): { chatId: string } => ({ chatId: w.text('ChatId') })
const tag = (w: Wire): { id: string; tagType: string } => ({ id: w.text('Id'), tagType: w.text('TagType') })
const place = (w: Wire): { latitude: string; longitude: string } => ({
  latitude: w.text('Latitude') || w.text('Location_X'),
  longitude: w.text('Longitude') || w.text('Location_Y'),
})
const welcomeCode = (w: Wire): { welcomeCode?: string } => {
  const code = w.optional('WelcomeCode')
  return code === undefined ? {} : { welcomeCode: code }
}
const added = (w: Wire) => ({
  ...pair(w),
  ...welcomeCode(w),
  /** The mark of the channel; empty where the add came through none. */
  state: w.text('State'),
  /** A request that the staff member has not confirmed yet. */
  half: w.text('ChangeType') === 'add_half_external_contact',
})
const members = (w: Wire): { chatId: string; members: string[]; scene: string } => ({
  chatId: w.text('ChatId'),
  members: w.child('MemChangeList').texts('Item'),
  scene: w.text('UpdateDetail') === 'add_member' ? w.text('JoinScene') : w.text('QuitScene'),
})

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
    read: w => ({ text: w.text('Content') }),
  },
  'message.image': {
    title: '图片消息',
    order: 'staff',
    passiveReply: true,
    read: w => ({ mediaId: w.text('MediaId'), url: w.text('PicUrl') }),
  },
  'message.voice': {
    title: '语音消息',
    order: 'staff',
    passiveReply: true,
    read: w => ({ mediaId: w.text('MediaId'), format: w.text('Format') }),
  },
  'message.video': {
    title: '视频消息',
    order: 'staff',
    passiveReply: true,
    read: w => ({ mediaId: w.text('MediaId'), thumbMediaId: w.text('ThumbMediaId') }),
  },
  'message.location': {
    title: '位置消息',
    order: 'staff',
    passiveReply: true,
    read: w => ({ ...place(w), label: w.text('Label') }),
  },
  'message.link': {
    title: '链接消息',
    order: 'staff',
    passiveReply: true,
    read: w => ({ title: w.text('Title'), description: w.text('Description'), url: w.text('Url') }),
  },
  'app.entered': { title: '打开应用', order: 'staff', passiveReply: true, read: nothing },
  'app.subscribed': { title: '成员可见应用', order: 'staff', passiveReply: true, read: nothing },
  'app.unsubscribed': { title: '成员不再可见应用', order: 'staff', passiveReply: false, read: nothing },
  'app.location_reported': { title: '上报位置', order: 'staff', passiveReply: true, read: place },
  'menu.clicked': { title: '点击菜单', order: 'staff', passiveReply: true, read: key },
  'menu.viewed': { title: '菜单跳转', order: 'staff', passiveReply: false, read: key },
  'card.clicked': {
    title: '点击卡片',
    order: 'staff',
    passiveReply: false,
    read: w => ({
      key: w.text('EventKey'),
      taskId: w.text('TaskId'),
      cardType: w.text('CardType'),
      responseCode: w.text('ResponseCode'),
      selected: w
        .child('SelectedItems')
        .children('SelectedItem')
        .map(item => ({
          questionKey: item.text('QuestionKey'),
          optionIds: item.child('OptionIds').texts('OptionId'),
        })),
    }),
  },
  'customer.added': {
    title: '新增客户',
    order: 'customer',
    passiveReply: false,
    read: added,
  },
  'customer.confirmed': {
    title: '客户申请已通过',
    order: 'customer',
    passiveReply: false,
    read: added,
  },
  'customer.edited': { title: '客户资料变更', order: 'customer', passiveReply: false, read: pair },
  'customer.removed': {
    title: '员工删除客户',
    order: 'customer',
    passiveReply: false,
    read: w => ({ ...pair(w), byTransfer: w.text('Source') === 'DELETE_BY_TRANSFER' }),
  },
  'customer.lost': { title: '客户删除员工', order: 'customer', passiveReply: false, read: pair },
  'customer.archive_agreed': {
    title: '客户同意会话存档',
    order: 'customer',
    passiveReply: false,
    read: w => ({ ...pair(w), ...welcomeCode(w) }),
  },
  'transfer.failed': {
    title: '客户接替失败',
    order: 'customer',
    passiveReply: false,
    read: w => ({ ...pair(w), reason: w.text('FailReason') }),
  },
  'group.created': { title: '新建客户群', order: 'group', passiveReply: false, read: group },
  'group.member_joined': { title: '客户群进人', order: 'group', passiveReply: false, read: members },
  'group.member_left': { title: '客户群退人', order: 'group', passiveReply: false, read: members },
  'group.owner_changed': { title: '客户群换群主', order: 'group', passiveReply: false, read: group },
  'group.renamed': { title: '客户群改名', order: 'group', passiveReply: false, read: group },
  'group.notice_changed': { title: '客户群改公告', order: 'group', passiveReply: false, read: group },
  'group.dismissed': { title: '客户群解散', order: 'group', passiveReply: false, read: group },
  'tag.created': { title: '新建标签', order: 'corp', passiveReply: false, read: tag },
  'tag.updated': { title: '修改标签', order: 'corp', passiveReply: false, read: tag },
  'tag.deleted': { title: '删除标签', order: 'corp', passiveReply: false, read: tag },
  'tag.reordered': { title: '标签排序', order: 'corp', passiveReply: false, read: tag },
  'kf.arrived': {
    title: '微信客服消息',
    order: 'corp',
    passiveReply: false,
    read: w => ({ openKfid: w.text('OpenKfId'), token: w.text('Token') }),
  },
  'living.changed': {
    title: '直播状态变更',
    order: 'corp',
    passiveReply: false,
    read: w => ({ livingId: w.text('LivingId'), status: w.text('Status') }),
  },
  'batch.finished': {
    title: '异步任务完成',
    order: 'corp',
    passiveReply: false,
    read: w => ({
      jobId: w.child('BatchJob').text('JobId') || w.text('JobId'),
      jobType: w.child('BatchJob').text('JobType'),
      errCode: w.child('BatchJob').text('ErrCode'),
    }),
  },
  unknown: { title: '未知事件', order: 'corp', passiveReply: false, read: nothing },
} as const satisfies Record<string, EventDefinition>

/** Families whose last part is WeCom's own ChangeType, kept as it comes. */
const families = {
  acquisition: {
    title: '获客助手',
    order: 'corp',
    passiveReply: false,
    read: w => ({
      linkId: w.text('LinkId'),
      externalUserid: w.text('ExternalUserID'),
      state: w.text('State'),
    }),
  },
  directory: {
    title: '通讯录变更',
    order: 'corp',
    passiveReply: false,
    read: w => ({ id: w.text('Id'), newUserid: w.text('NewUserID') }),
  },
} as const satisfies Record<string, EventDefinition>

type Family = keyof typeof families
export type EventName = keyof typeof events | `${Family}.${string}`

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

const messages: Record<string, EventName> = {
  text: 'message.text',
  image: 'message.image',
  voice: 'message.voice',
  video: 'message.video',
  location: 'message.location',
  link: 'message.link',
}

/** WeCom's Event, or `Event/ChangeType`, or `Event/ChangeType/UpdateDetail`, to our name. */
const wireNames: Record<string, EventName> = {
  enter_agent: 'app.entered',
  subscribe: 'app.subscribed',
  unsubscribe: 'app.unsubscribed',
  LOCATION: 'app.location_reported',
  click: 'menu.clicked',
  scancode_push: 'menu.clicked',
  scancode_waitmsg: 'menu.clicked',
  pic_sysphoto: 'menu.clicked',
  pic_photo_or_album: 'menu.clicked',
  pic_weixin: 'menu.clicked',
  location_select: 'menu.clicked',
  view: 'menu.viewed',
  view_miniprogram: 'menu.viewed',
  template_card_event: 'card.clicked',
  template_card_menu_event: 'card.clicked',
  'change_external_contact/add_external_contact': 'customer.added',
  'change_external_contact/add_half_external_contact': 'customer.added',
  'change_external_contact/edit_external_contact': 'customer.edited',
  'change_external_contact/del_external_contact': 'customer.removed',
  'change_external_contact/del_follow_user': 'customer.lost',
  'change_external_contact/msg_audit_approved': 'customer.archive_agreed',
  'change_external_contact/transfer_fail': 'transfer.failed',
  'change_external_chat/create': 'group.created',
  'change_external_chat/dismiss': 'group.dismissed',
  'change_external_chat/update/add_member': 'group.member_joined',
  'change_external_chat/update/del_member': 'group.member_left',
  'change_external_chat/update/change_owner': 'group.owner_changed',
  'change_external_chat/update/change_name': 'group.renamed',
  'change_external_chat/update/change_notice': 'group.notice_changed',
  'change_external_tag/create': 'tag.created',
  'change_external_tag/update': 'tag.updated',
  'change_external_tag/delete': 'tag.deleted',
  'change_external_tag/shuffle': 'tag.reordered',
  kf_msg_or_event: 'kf.arrived',
  living_status_change: 'living.changed',
  batch_job_result: 'batch.finished',
  upload_media_job_finish: 'batch.finished',
}

const familyOfEvent: Record<string, Family> = {
  customer_acquisition: 'acquisition',
  change_contact: 'directory',
}

/** Our name of a message as it came. What the table doesn't know is `unknown`. */
export function nameOf(wire: Wire): EventName {
  const msgType = wire.text('MsgType')
  if (msgType !== 'event') return own(messages, msgType) ?? 'unknown'
  const event = wire.text('Event')
  const change = wire.text('ChangeType')
  const family = own(familyOfEvent, event)
  if (family !== undefined && /^[a-z_]{1,40}$/.test(change)) return `${family}.${change}`
  const path = [event, change, wire.text('UpdateDetail')].filter(part => part !== '')
  for (let length = path.length; length > 0; length -= 1) {
    const name = own(wireNames, path.slice(0, length).join('/'))
    if (name !== undefined) return name
  }
  return 'unknown'
}

function own<T>(table: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

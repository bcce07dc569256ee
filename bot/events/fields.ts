import type { EventData, EventName, events, Family } from './names.ts'

/** What a field of an event holds. */
export type FieldType = 'text' | 'boolean' | 'list of text' | 'list of objects'

/** A field of an event, as conditions and templates read it at `event.<name>`. */
export interface EventField {
  type: FieldType
  /** One line, for the reference and for editors. */
  means: string
  /** It may be missing altogether; others are empty where WeCom sends nothing. */
  missing?: true
}

type TypeOf<T> = [T] extends [string]
  ? 'text'
  : [T] extends [boolean]
    ? 'boolean'
    : [T] extends [string[]]
      ? 'list of text'
      : 'list of objects'

/** Every field of an event, its type and whether it may be missing as `read` of the table of events has them. */
type Fields<N extends EventName> = {
  [name in keyof EventData<N>]-?: {
    type: TypeOf<Exclude<EventData<N>[name], undefined>>
    means: string
  } & (undefined extends EventData<N>[name] ? { missing: true } : { missing?: never })
}

const text = (means: string) => ({ type: 'text', means }) as const
const flag = (means: string) => ({ type: 'boolean', means }) as const
const texts = (means: string) => ({ type: 'list of text', means }) as const
const objects = (means: string) => ({ type: 'list of objects', means }) as const
const maybe = <F extends object>(field: F) => ({ ...field, missing: true }) as const

const medium = text('Media id, good for three days')
const appType = text('`wxwork` where it comes from WeCom, empty from WeChat')
const place = {
  latitude: text('Degrees north'),
  longitude: text('Degrees east'),
  scale: text('Zoom of the map'),
  label: text('The address as the map names it'),
}
const pair = { externalUserid: text('The customer') }
const welcomeCode = maybe(text('Good for one welcome within 20 seconds'))
const added = {
  ...pair,
  welcomeCode,
  state: text('Mark of the channel code that was scanned; empty where the add came through none'),
  half: flag('The staff member has not confirmed the request yet'),
}
const group = { chatId: text('The group chat') }
const members = (scene: string) => ({
  ...group,
  members: texts('Userids and external user ids of those whom it is about'),
  count: text('How many they are'),
  scene: text(scene),
  lastMemberVersion: text('Version of the list of members before'),
  memberVersion: text('Version of the list of members after'),
})
const tag = {
  id: text('Tag or group of tags; empty where all groups were reordered'),
  tagType: text('`tag` or `tag_group`'),
  strategyId: text('Rule group that the tag belongs to; empty for ordinary tags'),
}

/** The fields of every event of the table but `unknown`, whose fields are the message's own. */
export const eventFields = {
  'message.text': { text: text('What was written') },
  'message.image': { mediaId: medium, url: text('Address of the picture') },
  'message.voice': { mediaId: medium, format: text('Format of the recording, such as `amr`') },
  'message.video': { mediaId: medium, thumbMediaId: text('Media id of the preview') },
  'message.location': { ...place, appType },
  'message.link': {
    title: text('Title of the page'),
    description: text('Its description'),
    url: text('Its address'),
    picUrl: text('Address of its picture'),
  },
  'app.entered': {},
  'app.subscribed': {},
  'app.unsubscribed': {},
  'app.location_reported': {
    latitude: place.latitude,
    longitude: place.longitude,
    precision: text('Metres'),
    appType,
  },
  'menu.clicked': {
    key: text('Key of the menu entry'),
    kind: text('Kind of the entry: `click`, `scancode_push`, `scancode_waitmsg`, `pic_weixin`, …'),
    scanType: text('After a scan: `qrcode`, or the kind of bar code'),
    scanResult: text('After a scan: what the code says'),
    pictureCount: text('After photos: how many'),
    pictures: texts('After photos: MD5 of each'),
    ...place,
    poiName: text('After a choice on the map: name of the place'),
    appType,
  },
  'menu.viewed': {
    key: text('Address or page that was opened'),
    kind: text('`view` or `view_miniprogram`'),
  },
  'card.clicked': {
    key: text('Key of the button'),
    taskId: text('Task id of the card'),
    cardType: text('Kind of the card, such as `button_interaction`'),
    responseCode: text('With it the card can be changed once, within 72 hours'),
    fromMenu: flag('Clicked in the menu at the corner of the card, not on a button'),
    selected: objects('What was chosen: `{ questionKey, optionIds }` for each question'),
  },
  'customer.added': added,
  'customer.confirmed': added,
  'customer.edited': pair,
  'customer.removed': {
    ...pair,
    source: text('DELETE_BY_TRANSFER where a transfer ended the relation'),
    byTransfer: flag('A transfer to a colleague ended the relation, not the staff member'),
  },
  'customer.lost': pair,
  'customer.archive_agreed': { ...pair, welcomeCode },
  'transfer.failed': {
    ...pair,
    reason: text('`customer_refused` or `customer_limit_exceed`'),
  },
  'group.created': group,
  'group.member_joined': members('How they came: `0` invited, `3` scanned the code of the group'),
  'group.member_left': members('How they left: `0` by themselves, `1` removed by the owner'),
  'group.owner_changed': group,
  'group.renamed': group,
  'group.notice_changed': group,
  'group.dismissed': group,
  'tag.created': tag,
  'tag.updated': tag,
  'tag.deleted': tag,
  'tag.reordered': tag,
  'kf.arrived': { openKfid: text('The customer service account'), token: text('For reading the messages') },
  'living.changed': {
    livingId: text('The live'),
    status: text('`0` booked, `1` live, `2` ended, `4` cancelled'),
  },
  'batch.finished': {
    jobId: text('The job'),
    jobType: text('`sync_user`, `replace_user`, `invite_user`, `replace_party`; empty for others'),
    errCode: text('`0` where it succeeded'),
    errMsg: text('What went wrong'),
  },
} as const satisfies { [N in Exclude<keyof typeof events, 'unknown'>]: Fields<N> }

/** The fields of each family of events, whatever their last part is. */
export const familyFields = {
  acquisition: {
    linkId: text('The acquisition link'),
    externalUserid: text('The customer, where there is one'),
    state: text('Mark of the channel'),
    chatKey: text('For reading what the customer wrote'),
    chatSeq: text('Position in the chat'),
    expireTime: text('When the quota runs out, in seconds since 1970'),
    expireQuotaNum: text('How much of the quota runs out'),
  },
  directory: {
    id: text('Department; empty where it is about a person or a tag'),
    newUserid: text('The new userid, where it was changed'),
    name: maybe(text('Name of the person or department')),
    parentId: maybe(text('Department above')),
    order: maybe(text('Position among its siblings')),
    mainDepartment: maybe(text('Main department of the person')),
    position: maybe(text('Job title')),
    mobile: maybe(text('Mobile number')),
    gender: maybe(text('`1` male, `2` female')),
    email: maybe(text('E-mail')),
    bizMail: maybe(text('E-mail of the company')),
    status: maybe(text('`1` active, `2` disabled, `4` not activated, `5` left')),
    avatar: maybe(text('Address of the picture')),
    alias: maybe(text('Alias')),
    telephone: maybe(text('Telephone')),
    address: maybe(text('Address')),
    tagId: maybe(text('Directory tag')),
    departments: maybe(texts('Departments of the person')),
    isLeaderInDept: maybe(texts('`1` for each of these departments that the person leads')),
    directLeader: maybe(texts('Userids of the direct superiors')),
    addUserids: maybe(texts('Who was added to the tag')),
    delUserids: maybe(texts('Who was taken from the tag')),
    addDepartments: maybe(texts('Departments added to the tag')),
    delDepartments: maybe(texts('Departments taken from the tag')),
    extAttr: maybe(objects('Own attributes of the corp: `{ name, type, value, title, url }`')),
  },
} as const satisfies { [F in Family]: Fields<`${F}.${string}`> }

/** Fields that name members of the directory. WeCom compares userids whatever their letter case (`path/90665`). */
const useridFields: ReadonlySet<string> = new Set([
  'userid',
  'newUserid',
  'members',
  'directLeader',
  'addUserids',
  'delUserids',
])

/** A text of such a field, or every text of a list, in the letter case in which all are compared; others as they are. */
export function caselessIn(field: string, value: unknown): unknown {
  if (!useridFields.has(field)) return value
  if (Array.isArray(value)) return value.map(one => caselessIn(field, one))
  return typeof value === 'string' ? value.toLowerCase() : value
}

/** What can be matched of any event besides its own fields. */
export const commonFields: Readonly<Record<string, EventField>> = {
  userid: maybe(text('Who wrote or clicked, or whose customer it is')),
  externalUserid: maybe(text('The customer')),
  agentId: maybe(text('The app that the message names')),
  msgId: maybe(text('Id of the message')),
  corpId: text('The corp'),
}

/** The fields of an event of this name; undefined where they are the message's own, or there is no such event. */
export function fieldsOf(name: string): Readonly<Record<string, EventField>> | undefined {
  if (Object.hasOwn(eventFields, name)) return eventFields[name as keyof typeof eventFields]
  const family = name.split('.', 1)[0] ?? ''
  return Object.hasOwn(familyFields, family) ? familyFields[family as Family] : undefined
}

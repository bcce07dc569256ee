import type { Wire } from './wire.ts'

/** What is particular to each event, from WeCom's element names to ours; a text that is missing is empty. */

export const pair = (w: Wire) => ({ externalUserid: w.text('ExternalUserID') })
export const group = (w: Wire) => ({ chatId: w.text('ChatId') })

export const link = (w: Wire) => ({
  title: w.text('Title'),
  description: w.text('Description'),
  url: w.text('Url'),
  picUrl: w.text('PicUrl'),
})

const place = (w: Wire) => ({
  latitude: w.text('Location_X'),
  longitude: w.text('Location_Y'),
  scale: w.text('Scale'),
  label: w.text('Label'),
})
export const location = (w: Wire) => ({ ...place(w), appType: w.text('AppType') })
export const reportedLocation = (w: Wire) => ({
  latitude: w.text('Latitude'),
  longitude: w.text('Longitude'),
  precision: w.text('Precision'),
  appType: w.text('AppType'),
})

/** A key of the app's menu, with what was scanned, photographed or chosen on the map. */
export const menuClick = (w: Wire) => {
  const scan = w.child('ScanCodeInfo')
  const pictures = w.child('SendPicsInfo')
  const chosen = w.child('SendLocationInfo')
  return {
    key: w.text('EventKey'),
    /** WeCom's Event: `click`, `scancode_push`, … */
    kind: w.text('Event'),
    scanType: scan.text('ScanType'),
    scanResult: scan.text('ScanResult'),
    pictureCount: pictures.text('Count'),
    /** MD5 of each. */
    pictures: pictures
      .child('PicList')
      .children('item')
      .map(item => item.text('PicMd5Sum')),
    ...place(chosen),
    poiName: chosen.text('Poiname'),
    appType: w.text('AppType'),
  }
}
export const menuView = (w: Wire) => ({ key: w.text('EventKey'), kind: w.text('Event') })

export const cardClick = (w: Wire) => ({
  key: w.text('EventKey'),
  taskId: w.text('TaskId'),
  cardType: w.text('CardType'),
  responseCode: w.text('ResponseCode'),
  /** In the menu at the card's corner, not on one of its buttons. */
  fromMenu: w.text('Event') === 'template_card_menu_event',
  selected: w
    .child('SelectedItems')
    .children('SelectedItem')
    .map(item => ({
      questionKey: item.text('QuestionKey'),
      optionIds: item.child('OptionIds').texts('OptionId'),
    })),
})

const welcomeCode = (w: Wire): { welcomeCode?: string } => {
  const code = w.optional('WelcomeCode')
  return code === undefined ? {} : { welcomeCode: code }
}
export const added = (w: Wire) => ({
  ...pair(w),
  ...welcomeCode(w),
  /** The mark of the channel; empty where the add came through none. */
  state: w.text('State'),
  /** A request that the staff member has not confirmed yet. */
  half: w.text('ChangeType') === 'add_half_external_contact',
})
export const removed = (w: Wire) => {
  const source = w.text('Source')
  return { ...pair(w), source, byTransfer: source === 'DELETE_BY_TRANSFER' }
}
export const archiveAgreed = (w: Wire) => ({ ...pair(w), ...welcomeCode(w) })
export const transferFailed = (w: Wire) => ({ ...pair(w), reason: w.text('FailReason') })

/** WeCom may send both scenes; the one that doesn't apply means nothing. */
const members = (sceneElement: string) => (w: Wire) => ({
  chatId: w.text('ChatId'),
  members: w.child('MemChangeList').texts('Item'),
  count: w.text('MemChangeCnt'),
  scene: w.text(sceneElement),
  /** The version of the group's members before and after, as `groupchat/get` tells it. */
  lastMemberVersion: w.text('LastMemVer'),
  memberVersion: w.text('CurMemVer'),
})
export const joined = members('JoinScene')
export const left = members('QuitScene')

export const tag = (w: Wire) => ({
  id: w.text('Id'),
  tagType: w.text('TagType'),
  strategyId: w.text('StrategyId'),
})

export const batch = (w: Wire) => {
  const job = w.child('BatchJob')
  return {
    jobId: job.text('JobId') || w.text('JobId'),
    jobType: job.text('JobType'),
    errCode: job.text('ErrCode'),
    errMsg: job.text('ErrMsg'),
  }
}

export const acquisition = (w: Wire) => ({
  linkId: w.text('LinkId'),
  externalUserid: w.text('ExternalUserID'),
  state: w.text('State'),
  chatKey: w.text('ChatKey'),
  chatSeq: w.text('ChatSeq'),
  expireTime: w.text('ExpireTime'),
  expireQuotaNum: w.text('ExpireQuotaNum'),
})

/** Elements of the directory, by our names. */
const directoryTexts = {
  name: 'Name',
  parentId: 'ParentId',
  order: 'Order',
  mainDepartment: 'MainDepartment',
  position: 'Position',
  mobile: 'Mobile',
  gender: 'Gender',
  email: 'Email',
  bizMail: 'BizMail',
  status: 'Status',
  avatar: 'Avatar',
  alias: 'Alias',
  telephone: 'Telephone',
  address: 'Address',
  tagId: 'TagId',
} as const
/** Lists that WeCom writes with commas. */
const directoryLists = {
  departments: 'Department',
  isLeaderInDept: 'IsLeaderInDept',
  directLeader: 'DirectLeader',
  addUserids: 'AddUserItems',
  delUserids: 'DelUserItems',
  addDepartments: 'AddPartyItems',
  delDepartments: 'DelPartyItems',
} as const

/** A change tells only what has changed, so what WeCom doesn't send is missing here, and empty means emptied. */
export const directory = (w: Wire) => ({
  id: w.text('Id'),
  newUserid: w.text('NewUserID'),
  ...given(directoryTexts, element => (w.has(element) ? w.text(element) : undefined)),
  ...given(directoryLists, element =>
    w.has(element) ? w.text(element).split(',').filter(Boolean) : undefined,
  ),
  ...given({ extAttr: 'ExtAttr' }, element =>
    w.has(element) ? w.child(element).children('Item').map(attribute) : undefined,
  ),
})

const attribute = (item: Wire) => ({
  name: item.text('Name'),
  type: item.text('Type'),
  value: item.child('Text').text('Value'),
  title: item.child('Web').text('Title'),
  url: item.child('Web').text('Url'),
})

function given<K extends string, T>(
  elements: Record<K, string>,
  value: (element: string) => T | undefined,
): { [name in K]?: T } {
  const found: { [name in K]?: T } = {}
  for (const name of Object.keys(elements) as K[]) {
    const read = value(elements[name])
    if (read !== undefined) found[name] = read
  }
  return found
}

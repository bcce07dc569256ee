import type { EventName, Family } from './names.ts'
import type { Wire } from './wire.ts'

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

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nameOf } from './name-of.ts'
import { eventDefinition, events } from './names.ts'
import type { WireValue } from './node.ts'
import { parseEvent } from './parse.ts'
import { parseWire, readWire } from './wire.ts'

const folder = join(import.meta.dirname, '../../fixtures/callbacks')
const recorded = readdirSync(folder).flatMap(name =>
  readdirSync(join(folder, name)).map(file => {
    const xml = readFileSync(join(folder, name, file), 'utf8')
    return { name, file: `${name}/${file}`, xml, wire: readWire(parseWire(xml)) }
  }),
)

/** Every message and event that the platform documents for an app, by MsgType or Event/ChangeType/UpdateDetail. */
const documented: Record<string, string> = {
  // path/90239
  ...{ text: 'message.text', image: 'message.image', voice: 'message.voice', video: 'message.video' },
  ...{ location: 'message.location', link: 'message.link' },
  // path/90240
  ...{ subscribe: 'app.subscribed', unsubscribe: 'app.unsubscribed', enter_agent: 'app.entered' },
  ...{ LOCATION: 'app.location_reported', view: 'menu.viewed', view_miniprogram: 'menu.viewed' },
  ...{ click: 'menu.clicked', scancode_push: 'menu.clicked', scancode_waitmsg: 'menu.clicked' },
  ...{ pic_sysphoto: 'menu.clicked', pic_photo_or_album: 'menu.clicked', pic_weixin: 'menu.clicked' },
  ...{ location_select: 'menu.clicked', template_card_event: 'card.clicked' },
  ...{ template_card_menu_event: 'card.clicked', batch_job_result: 'batch.finished' },
  ...{ open_approval_change: 'unknown', share_agent_change: 'unknown', share_chain_change: 'unknown' },
  ...{ switch_workbench_mode: 'unknown', inactive_alert: 'unknown', close_inactive_agent: 'unknown' },
  ...{ reopen_inactive_agent: 'unknown', low_active_alert: 'unknown', low_active: 'unknown' },
  ...{ active_restored: 'unknown' },
  // path/96219
  upload_media_job_finish: 'batch.finished',
  // path/90970
  'change_contact/create_user': 'directory.create_user',
  'change_contact/update_user': 'directory.update_user',
  'change_contact/delete_user': 'directory.delete_user',
  'change_contact/create_party': 'directory.create_party',
  'change_contact/update_party': 'directory.update_party',
  'change_contact/delete_party': 'directory.delete_party',
  'change_contact/update_tag': 'directory.update_tag',
  // path/92130
  'change_external_contact/add_external_contact': 'customer.added',
  'change_external_contact/add_half_external_contact': 'customer.added',
  'change_external_contact/edit_external_contact': 'customer.edited',
  'change_external_contact/del_external_contact': 'customer.removed',
  'change_external_contact/del_follow_user': 'customer.lost',
  'change_external_contact/transfer_fail': 'transfer.failed',
  'change_external_contact/msg_audit_approved': 'customer.archive_agreed',
  'change_external_chat/create': 'group.created',
  'change_external_chat/update/add_member': 'group.member_joined',
  'change_external_chat/update/del_member': 'group.member_left',
  'change_external_chat/update/change_owner': 'group.owner_changed',
  'change_external_chat/update/change_name': 'group.renamed',
  'change_external_chat/update/change_notice': 'group.notice_changed',
  'change_external_chat/dismiss': 'group.dismissed',
  'change_external_tag/create': 'tag.created',
  'change_external_tag/update': 'tag.updated',
  'change_external_tag/delete': 'tag.deleted',
  'change_external_tag/shuffle': 'tag.reordered',
  // path/97299
  'customer_acquisition/balance_low': 'acquisition.balance_low',
  'customer_acquisition/balance_exhausted': 'acquisition.balance_exhausted',
  'customer_acquisition/balance_increased': 'acquisition.balance_increased',
  'customer_acquisition/quota_expire_soon': 'acquisition.quota_expire_soon',
  'customer_acquisition/link_unavailable': 'acquisition.link_unavailable',
  'customer_acquisition/delete_link': 'acquisition.delete_link',
  'customer_acquisition/open_profile': 'acquisition.open_profile',
  'customer_acquisition/friend_request': 'acquisition.friend_request',
  'customer_acquisition/customer_start_chat': 'acquisition.customer_start_chat',
  'customer_acquisition/message_from_customer': 'acquisition.message_from_customer',
  // path/94670, path/97712, path/94145, path/95039, path/99843
  ...{ kf_msg_or_event: 'kf.arrived', kf_account_auth_change: 'unknown' },
  ...{ living_status_change: 'living.changed', msgaudit_notify: 'unknown', program_notify: 'unknown' },
}

const pathOf = ({ wire }: (typeof recorded)[number]): string =>
  wire.text('MsgType') === 'event'
    ? ['Event', 'ChangeType', 'UpdateDetail'].flatMap(part => wire.optional(part) ?? []).join('/')
    : wire.text('MsgType')

describe('the recorded callbacks', () => {
  it.each(Object.entries(documented))('have %s, which is %s', (path, name) => {
    const cases = recorded.filter(one => pathOf(one) === path)
    expect(cases.length).toBeGreaterThan(0)
    for (const { wire } of cases) expect(nameOf(wire)).toBe(name)
  })

  it('have every event of the table', () => {
    expect(Object.keys(events).filter(name => recorded.every(one => one.name !== name))).toEqual([])
  })

  /** Reckoned by another program: what is stored under these ids must be found again by every later release. */
  const corpId = 'ww0123456789abcdef'
  it.each([
    ['message.text/markup.xml', 'KdpCu2T2JKfkIhF-AOkaI-Eqyzlql_TX0iwW6LQJkM0'],
    ['message.text/several-lines.xml', 'ZPLaiQCC_rT6cS7tSeLaZTZKDapCpssXiySNfPiL8Ac'],
    ['customer.added/channel-code.xml', '6bVgoDLx_HBUbP_k7Z7-_TB27yMdL0_PHpUeq8eSOFA'],
    ['customer.added/empty-fields.xml', 'op6BwtR8ijyvr4b0AjiiITjhZBS0bxJoL0WlfqREYrI'],
    ['group.member_joined/invited.xml', 'jpEGZUVNW0TO7ffnPFG6nU9mBXY9-hQDUb5D_zvtpFk'],
    ['card.clicked/submit.xml', 'RU5F9mCenZc5gAZXTC6hOCfHR-Zqv3TIIhEB1YNDNK0'],
    ['unknown/kf-account-auth-change.xml', 'kvmnkgN8jpq0dAcAHS6i_Ivs-x3JdvNvhnhClBpzM-4'],
    ['directory.create_user/full.xml', '64WLOG4E4dXiU2lYuh_QnBXZYJ67qR5hlvDyA7GV3fU'],
  ])('have the ids that they always had: %s', (file, digest) => {
    expect(parseEvent(readFileSync(join(folder, file), 'utf8')).id).toBe(`${corpId}:${digest}`)
  })

  it.each(recorded)('$file is named $name', ({ name, xml }) => {
    const event = parseEvent(xml)
    // Which of the two announcements of an add comes first is decided when it is handled.
    expect(event.name).toBe(name === 'customer.confirmed' ? 'customer.added' : name)
    expect(eventDefinition(event.name)).toBeDefined()
    expect(event.createdAt.getTime()).toBeGreaterThan(0)
  })

  it.each(recorded)('$file loses no field', ({ xml, wire }) => {
    const kept = textsOf(parseEvent(xml))
    for (const { element, text } of leavesOf(wire.fields)) {
      if (isTold(element, text, wire.text('UpdateDetail'))) continue
      const at = kept.indexOf(text)
      expect(at, `${element}: ${text}`).toBeGreaterThanOrEqual(0)
      // Each text stands for one field.
      kept.splice(at, 1)
    }
  })
})

/** What the name of the event, its time and the receiver say already, and the scene that does not apply. */
function isTold(element: string, text: string, detail: string): boolean {
  if (['ToUserName', 'CreateTime', 'MsgType', 'ChangeType', 'UpdateDetail', 'Event'].includes(element))
    return true
  if (element === 'FromUserName') return text === 'sys'
  return element === (detail === 'add_member' ? 'QuitScene' : 'JoinScene')
}

function leavesOf(value: WireValue | WireValue[], element = ''): { element: string; text: string }[] {
  if (Array.isArray(value)) return value.flatMap(one => leavesOf(one, element))
  if (typeof value !== 'string')
    return Object.entries(value).flatMap(([name, child]) => leavesOf(child, name))
  const commas = /^(?:Department|IsLeaderInDept|DirectLeader|(?:Add|Del)(?:User|Party)Items)$/.test(element)
  return (commas ? value.split(',') : [value])
    .map(text => ({ element, text }))
    .filter(({ text }) => text !== '')
}

/** All texts of an event but the message itself. */
function textsOf({ xml, ...event }: ReturnType<typeof parseEvent>): string[] {
  const texts = (value: unknown): string[] => {
    if (typeof value === 'string') return [value]
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : []
  }
  return texts(event)
}

describe('the table tells whom an event may name', () => {
  it.each(recorded)('$file', ({ name, xml }) => {
    const { userid, agentId } = parseEvent(xml)
    const { names } = eventDefinition(name) ?? { names: [] }
    if (userid !== undefined) expect(names).toContain('staff')
    if (agentId !== undefined) expect(names).toContain('app')
  })

  it.each(Object.keys(events).filter(name => name !== 'unknown'))('%s names all of them', name => {
    const { userid, agentId } = parseEvent(recorded.find(one => one.name === name)?.xml ?? '')
    const named = [...(userid === undefined ? [] : ['staff']), ...(agentId === undefined ? [] : ['app'])]
    expect(eventDefinition(name)?.names).toEqual(named)
  })
})

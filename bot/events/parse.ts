import { hash } from 'node:crypto'
import type { HandlerStart } from '../../models/inbox-event.ts'
import { nameOf } from './name-of.ts'
import { type EventData, type EventName, eventDefinition, type OwnEventName } from './names.ts'
import { canonical, parseWire, readWire, WireError } from './wire.ts'

/** One thing that happened, as the rest of the house sees it. */
export interface BotEvent<N extends EventName | OwnEventName = EventName | OwnEventName> {
  /** `corpId:digest of all decrypted fields`: the same message has the same id, however often it is delivered. */
  id: string
  corpId: string
  name: N
  /** The staff member: who wrote or clicked, or whose customer it is. Missing for events of the system alone. */
  userid?: string
  externalUserid?: string
  /** The platform's CreateTime. */
  createdAt: Date
  /** The app that the message names; missing for events of the corp. */
  agentId?: string
  msgId?: string
  data: EventData<N>
  xml: string
  /** Of an event that is Sidekick's own, and not the platform's. */
  start?: HandlerStart
  /** As `InboxEvent.fresh`. */
  fresh?: number
}

/**
 * Reads a decrypted message.
 *
 * @param xml as decrypted, UTF-8
 * @throws WireError when it is not well-formed, carries a document type, or lacks receiver or time
 */
export function parseEvent(xml: string): BotEvent {
  const node = parseWire(xml)
  const wire = readWire(node)
  const corpId = wire.text('ToUserName')
  const seconds = wire.text('CreateTime')
  if (corpId === '') throw new WireError('ToUserName is missing')
  if (!/^\d{1,11}$/.test(seconds)) throw new WireError('CreateTime is not a time in seconds')
  const name = nameOf(wire)
  const event: BotEvent = {
    id: `${corpId}:${hash('sha256', canonical(node), 'base64url')}`,
    corpId,
    name,
    createdAt: new Date(Number(seconds) * 1000),
    data: (eventDefinition(name)?.read(wire) ?? {}) as EventData<EventName>,
    xml,
  }
  const from = wire.text('FromUserName')
  const userid = wire.text('UserID') || (from === 'sys' ? '' : from)
  const externalUserid = wire.text('ExternalUserID')
  const agentId = wire.text('AgentID')
  const msgId = wire.text('MsgId')
  if (userid !== '') event.userid = userid
  if (externalUserid !== '') event.externalUserid = externalUserid
  if (agentId !== '') event.agentId = agentId
  if (msgId !== '') event.msgId = msgId
  return event
}

/** Narrows an event to one name of the table. */
export function isEvent<N extends EventName | OwnEventName>(event: BotEvent, name: N): event is BotEvent<N> {
  return event.name === name
}

/** The menu keys whose answer the platform looks at (`path/90241`). */
const answeredClicks: readonly string[] = ['click', 'scancode_waitmsg']

/** Whether the HTTP response may carry an answer to the staff member (`path/90241`). */
export function mayBeAnswered(event: BotEvent): boolean {
  if (event.userid === undefined) return false
  if (isEvent(event, 'menu.clicked')) return answeredClicks.includes(event.data.kind)
  return eventDefinition(event.name)?.passiveReply === true
}

/** The queue that the event waits in, see `Order` in names.ts. */
export function orderKey(event: BotEvent): string {
  const definition = eventDefinition(event.name)
  const chatId = (event.data as { chatId?: string }).chatId
  if (definition?.order === 'customer' && event.externalUserid !== undefined)
    return `customer:${event.externalUserid}`
  if (definition?.order === 'group' && chatId) return `group:${chatId}`
  if (definition?.order === 'staff' && event.userid !== undefined)
    return `staff:${event.userid.toLowerCase()}`
  return `corp:${event.name.split('.', 1)[0]}`
}

/** `fast` where a person waits or a welcome code runs out. */
export function laneOf(event: BotEvent): 'fast' | 'slow' {
  if ('welcomeCode' in event.data) return 'fast'
  return eventDefinition(event.name)?.order === 'staff' ? 'fast' : 'slow'
}

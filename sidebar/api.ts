/**
 * What the sidebar page and its server say to each other, under `/sidebar/api/`. Times are ISO 8601 in UTC. Errors are
 * `ApiError` with the status that the code's row names. Every write carries a `key` of its own (a random UUID): sent
 * again with the same key it is done once; something else with the same key is refused as `bad_request`.
 */

/**
 * Names the person the page was made for. Another one may have logged in in the same browser since: such a call is refused
 * as `not_logged_in`, so that nothing is shown or written in the name of somebody else.
 */
export const staffHeader = 'x-sidekick-staff'

/** Where the page was opened from (`path/94315`); others than these four are a wrong entry. */
export const entries = [
  'single_chat_tools',
  'contact_profile',
  'group_chat_tools',
  'chat_attachment',
] as const
export type Entry = (typeof entries)[number]

export const stages = ['待跟进', '跟进中', '已成交', '无意向', '已流失'] as const
export type Stage = (typeof stages)[number]

/** What people may write at most, in characters. */
export const limits = { remark: 20, note: 1000, search: 100 } as const

/** Each code with its status. */
export const errorCodes = {
  bad_request: 400,
  /** No session, a changed or expired one, or somebody who has left: log in again. */
  not_logged_in: 401,
  /** A write from another origin, or a signature for another one. */
  foreign_origin: 403,
  not_your_customer: 403,
  /** The relation has ended, or it is a colleague's: it may be seen and not changed. */
  read_only: 403,
  not_your_group: 403,
  not_found: 404,
  /** The database does not know the customer; `POST customers/:id/refresh` asks the platform. */
  customer_not_synced: 404,
  too_large: 413,
  /** The platform refused; the message says why, for people. */
  platform_refused: 422,
  failed: 500,
  /** The platform gave no answer, or a passing fault. */
  platform_unavailable: 502,
} as const satisfies Record<string, number>
export type ErrorCode = keyof typeof errorCodes

export interface ApiError {
  error: { code: ErrorCode; message: string }
}

/** A JS-SDK signature (`path/90506`). */
export interface Signature {
  /** Unix seconds. */
  timestamp: number
  nonceStr: string
  signature: string
}

/**
 * What the page is born with: it stands in the HTML as JSON, in `<script type="application/json" id="boot">`.
 * The signature is for the address that was asked for.
 */
export interface Boot {
  corpId: string
  agentId: string
  me: { userid: string; name: string }
  url: string
  agentConfig: Signature | null
}

/** `POST signature` `{ url, kind }`: `agent` for agentConfig, `corp` for config of clients before 3.0.24. */
export interface SignatureRequest {
  url: string
  kind: 'agent' | 'corp'
}

export interface TagView {
  tagId: string
  name: string
  group: string
}

/** One thing that happened between staff and the customer. */
export interface TimelineRow {
  id: string
  at: string
  kind:
    | 'added'
    | 'confirmed'
    | 'removed'
    | 'lost'
    | 'welcomed'
    | 'tagged'
    | 'remarked'
    | 'noted'
    | 'recorded'
    | 'staged'
    | 'sent'
  /** Who did it, by name. */
  by: string
  text: string
}

/** `GET customers/:externalUserid`, and the answer of every write to a customer: all that the profile shows. */
export interface Profile {
  externalUserid: string
  /** The nickname; may be empty. */
  name: string
  avatar: string
  /** 0 unknown, 1 male, 2 female. */
  gender: number
  /** A WeCom user of another company. */
  corpName: string
  position: string
  follow: {
    userid: string
    /** Of the staff member whose follow this is. */
    staffName: string
    remark: string
    description: string
    mobiles: string[]
    stage: Stage
    tags: TagView[]
    personalTags: string[]
    addedAt: string | null
    /** How the relation began, for people. */
    addWay: string
    /** The channel's mark. */
    state: string
    lastFollowUpAt: string | null
    status: 'active' | 'removed' | 'lost'
  }
  /** False for a lead's or an admin's look at a colleague's customer, and for a relation that has ended. */
  editable: boolean
  /** Other staff who follow this customer now. */
  others: { name: string; addedAt: string | null }[]
  /** The newest rows; `timelineNext` asks for older ones. */
  timeline: TimelineRow[]
  timelineNext: string | null
}

/** `GET customers/:externalUserid/timeline?before=<timelineNext>` */
export interface TimelinePage {
  timeline: TimelineRow[]
  timelineNext: string | null
}

/** `GET tags`: what a customer can be tagged with, in the order of the admin console. */
export interface TagGroups {
  groups: { groupId: string; name: string; tags: { tagId: string; name: string }[] }[]
}

/** `POST customers/:externalUserid/tags` → Profile. At least one; a tag in both is refused. */
export interface TagChange {
  key: string
  add: string[]
  remove: string[]
}
/** `POST customers/:externalUserid/remark` → Profile. Empty clears it. */
export interface RemarkChange {
  key: string
  remark: string
}
/** `POST customers/:externalUserid/stage` → Profile */
export interface StageChange {
  key: string
  stage: Stage
}
/** `POST customers/:externalUserid/notes` → Profile */
export interface NewNote {
  key: string
  text: string
}
/** `POST customers/:externalUserid/refresh` `{}` → Profile, read from the platform anew. */

/** Whom something is sent to: the chat that is open. */
export type Recipient = { externalUserid: string } | { chatId: string }

export interface MaterialView {
  key: string
  category: string
  title: string
  kind: 'text' | 'image' | 'link' | 'video' | 'file'
  description: string
  /** Address of a picture about 240 px wide, for images and links that have one. */
  thumb: string | null
  text: string
  url: string
}

export type ScriptPart = { text: string } | { material: MaterialView }

/** A talk script as it would be sent: variables are filled for the recipient. */
export interface ScriptView {
  key: string
  category: string
  title: string
  parts: ScriptPart[]
}

export interface CategoryView {
  key: string
  name: string
  count: number
}

/**
 * `GET scripts?q=&category=&cursor=&externalUserid=`: 30 a page. `q` finds by word, pinyin or initials, in title,
 * keywords and text. Without `externalUserid` the customer is addressed as nobody in particular.
 */
export interface ScriptPage {
  categories: CategoryView[]
  /** How many fit in all. */
  total: number
  scripts: ScriptView[]
  next: string | null
}

/** `GET materials?q=&category=&cursor=`: 30 a page. */
export interface MaterialPage {
  categories: CategoryView[]
  total: number
  materials: MaterialView[]
  next: string | null
}

/** A message as `sendChatMessage` takes it (`path/94315`). */
export type ChatMessage =
  | { msgtype: 'text'; text: { content: string } }
  | { msgtype: 'image'; image: { mediaid: string } }
  | { msgtype: 'video'; video: { mediaid: string } }
  | { msgtype: 'file'; file: { mediaid: string } }
  | { msgtype: 'news'; news: { link: string; title: string; desc: string; imgUrl: string } }

/** `POST sends`: makes ready what is to be sent, pictures uploaded. A script, one part of it, or a material. */
export interface SendRequest {
  key: string
  to: Recipient
  script?: string
  /** Of the script: only this part, from 0. */
  part?: number
  material?: string
}
/** The messages in their order. The page sends them one after the other and tells how each went. */
export interface PreparedSend {
  id: string
  messages: ChatMessage[]
}
/**
 * `POST sends/:id` → `{}`: message number `part` was sent, or not and why. The trajectory has a row once the last was, and
 * one with how many have gone when one fails after others went.
 */
export interface SendReport {
  part: number
  ok: boolean
  errMsg: string
}

/** `GET groups/:chatId`: what we hold, read from the platform where that is older than a minute or `?fresh=1`. */
export interface GroupView {
  chatId: string
  name: string
  owner: string
  notice: string
  createdAt: string | null
  readAt: string
  members: GroupMember[]
}
export interface GroupMember {
  id: string
  name: string
  groupNickname: string
  /** `customer`: somebody of the company follows this person; `outsider`: nobody does. */
  kind: 'staff' | 'customer' | 'outsider'
  /** A customer whom the asker may open. */
  mine: boolean
  /** Whose customer: names of the staff. */
  followers: string[]
  joinedAt: string | null
  isOwner: boolean
  isAdmin: boolean
}

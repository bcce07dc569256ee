import type { Rate } from './limits/store.ts'
import type { WireCardUpdate } from './wire/card.ts'
import type { WireCustomer, WireFollow, WireFollowInfo, WireTagGroup, WireWelcome } from './wire/customer.ts'
import type { WireDepartment, WireMember } from './wire/directory.ts'
import type { WireGroupChat } from './wire/group.ts'
import type { MediaType, WireAgent, WireMenu, WireMessage, WireMessageResult } from './wire/message.ts'

/** Calls somebody waits for go before those of syncs. */
export type Priority = 'interactive' | 'bulk'

export interface MethodSpec {
  readonly verb: 'GET' | 'POST'
  /** Number of the official page, as `path/92130`. */
  readonly doc: string
  readonly priority: Priority
  /** False where no access token belongs into the query. */
  readonly token?: false
  /** Parameters that a POST carries in the query instead of the body. */
  readonly query?: readonly string[]
  /** Parameters that name the record: calls for one record run one after the other (45035). */
  readonly record?: readonly string[]
  /** A second call does a second thing: not repeated when the first may have arrived. */
  readonly once?: true
  /** Calls allowed per corp, where the standard rate is too many. */
  readonly rate?: Rate
  /** Calls allowed per app, where there is a limit of that kind too. */
  readonly appRate?: Rate
  /** It sends app messages, of which each member gets so many a minute and an hour. */
  readonly reaches?: 'members'
  /** Milliseconds for one try, and for all of them with their waiting, where the priority's own are not right. */
  readonly timeoutMs?: number
  readonly budgetMs?: number
}

/** Whoever holds the lease for one holds everybody up, so a fetch that gets no answer ends soon. */
const FETCH = { timeoutMs: 3_000, budgetMs: 5_000 }

/** At most 100 tickets an hour and app (`path/90312`). */
const TICKETS: Rate = { perSecond: 80 / 3600, burst: 20 }

/** The endpoints the product calls, by their path after `/cgi-bin/`. */
export const METHODS = {
  gettoken: {
    verb: 'GET',
    doc: 'path/91039',
    priority: 'interactive',
    token: false,
    rate: { perSecond: 0.5, burst: 30 },
    ...FETCH,
  },
  'ticket/get': { verb: 'GET', doc: 'path/90506', priority: 'interactive', appRate: TICKETS, ...FETCH },
  get_jsapi_ticket: {
    verb: 'GET',
    doc: 'path/90506',
    priority: 'interactive',
    // 400 an hour, of all apps of the corp.
    rate: { perSecond: 300 / 3600, burst: 100 },
    appRate: TICKETS,
    ...FETCH,
  },
  'auth/getuserinfo': { verb: 'GET', doc: 'path/91023', priority: 'interactive', once: true },
  getcallbackip: { verb: 'GET', doc: 'path/90238', priority: 'bulk' },
  'agent/get': { verb: 'GET', doc: 'path/90227', priority: 'interactive' },
  'department/list': { verb: 'GET', doc: 'path/90208', priority: 'bulk' },
  'user/list': { verb: 'GET', doc: 'path/90201', priority: 'bulk' },
  'user/get': { verb: 'GET', doc: 'path/90196', priority: 'interactive' },
  'externalcontact/get_follow_user_list': { verb: 'GET', doc: 'path/92571', priority: 'bulk' },
  'externalcontact/list': { verb: 'GET', doc: 'path/92113', priority: 'bulk' },
  'externalcontact/get': { verb: 'GET', doc: 'path/92114', priority: 'interactive' },
  'externalcontact/batch/get_by_user': { verb: 'POST', doc: 'path/92994', priority: 'bulk' },
  'externalcontact/remark': {
    verb: 'POST',
    doc: 'path/92115',
    priority: 'interactive',
    record: ['userid', 'external_userid'],
  },
  'externalcontact/get_corp_tag_list': { verb: 'POST', doc: 'path/92117', priority: 'bulk' },
  'externalcontact/add_corp_tag': { verb: 'POST', doc: 'path/92117', priority: 'interactive', once: true },
  'externalcontact/mark_tag': {
    verb: 'POST',
    doc: 'path/92118',
    priority: 'interactive',
    record: ['userid', 'external_userid'],
  },
  'externalcontact/send_welcome_msg': { verb: 'POST', doc: 'path/92137', priority: 'interactive' },
  'externalcontact/groupchat/get': { verb: 'POST', doc: 'path/92122', priority: 'interactive' },
  'message/send': {
    verb: 'POST',
    doc: 'path/90236',
    priority: 'interactive',
    once: true,
    reaches: 'members',
    // Three times until a member who got as many as reach a minute may get more.
    budgetMs: 200_000,
  },
  // Once by its code: a second call is told that it is used.
  'message/update_template_card': { verb: 'POST', doc: 'path/94888', priority: 'interactive' },
  'media/upload': { verb: 'POST', doc: 'path/90253', priority: 'bulk', query: ['type'], timeoutMs: 60_000 },
  'media/uploadimg': { verb: 'POST', doc: 'path/90256', priority: 'bulk', timeoutMs: 60_000 },
  'menu/create': { verb: 'POST', doc: 'path/90231', priority: 'bulk', query: ['agentid'] },
  'menu/get': { verb: 'GET', doc: 'path/90232', priority: 'bulk' },
} as const satisfies Record<keyof Methods, MethodSpec>

/** A method without parameters of its own. */
export type NoParams = Record<string, never>

/**
 * What each endpoint takes and gives, as it travels: numbers where the platform has numbers. Lists may be missing
 * instead of empty. `errcode` and `errmsg` are checked by the client and left out here.
 */
export interface Methods {
  gettoken: {
    params: { corpid: string; corpsecret: string }
    /** Seconds, normally 7200. */
    result: { access_token: string; expires_in: number }
  }
  /** Of the app, for agentConfig; seconds, normally 7200. */
  'ticket/get': { params: { type: 'agent_config' }; result: WireTicket }
  /** Of the corp, for config. */
  get_jsapi_ticket: { params: NoParams; result: WireTicket }
  /**
   * Who logged in, by the one-use code of five minutes: the userid of a member (`CorpId/userid` of a linked corp's), or
   * the openid of anybody else.
   */
  'auth/getuserinfo': {
    params: { code: string }
    result: { userid?: string; openid?: string; external_userid?: string }
  }
  /** Single addresses, and patterns like `101.226.103.*`. */
  getcallbackip: { params: NoParams; result: { ip_list: string[] } }
  'agent/get': { params: { agentid: number }; result: WireAgent }
  /** Without an id all that the app sees; with one, that department and all below it. */
  'department/list': { params: { id?: number }; result: { department?: WireDepartment[] } }
  /** Direct members only. */
  'user/list': { params: { department_id: number }; result: { userlist?: WireMember[] } }
  'user/get': { params: { userid: string }; result: WireMember }
  /** Userids of the staff who may have customers and whom the app sees; not paged. */
  'externalcontact/get_follow_user_list': { params: NoParams; result: { follow_user?: string[] } }
  /** Not paged. A staff member without customers is answered with 84061: an empty list. */
  'externalcontact/list': { params: { userid: string }; result: { external_userid?: string[] } }
  /** The cursor matters beyond 500 followers only. */
  'externalcontact/get': {
    params: { external_userid: string; cursor?: string }
    result: { external_contact: WireCustomer; follow_user?: WireFollow[]; next_cursor?: string }
  }
  /** 1 to 100 userids; `limit` 50 by default, at most 100. The end is an empty or missing `next_cursor`. */
  'externalcontact/batch/get_by_user': {
    params: { userid_list: string[]; cursor?: string; limit?: number }
    result: {
      external_contact_list?: { external_contact: WireCustomer; follow_info: WireFollowInfo }[]
      next_cursor?: string
      fail_info?: { unlicensed_userid_list?: string[] }
    }
  }
  /**
   * At least one of the optional fields. `remark` and `remark_company` at most 20 characters, `description` 150.
   * `remark_mobiles` replaces the list; one empty string clears it. Raises no callback.
   */
  'externalcontact/remark': {
    params: {
      userid: string
      external_userid: string
      remark?: string
      description?: string
      remark_company?: string
      remark_mobiles?: string[]
      remark_pic_mediaid?: string
    }
    result: object
  }
  /** Without ids all; with both, `group_id` wins. */
  'externalcontact/get_corp_tag_list': {
    params: { tag_id?: string[]; group_id?: string[] }
    result: { tag_group?: WireTagGroup[] }
  }
  /** Names at most 30 characters. A `group_name` that exists takes the tags into that group. */
  'externalcontact/add_corp_tag': {
    params: {
      group_id?: string
      group_name?: string
      order?: number
      tag: { name: string; order?: number }[]
      agentid?: number
    }
    result: { tag_group: WireTagGroup }
  }
  /** Tags belong to the pair of staff member and customer. Raises no callback. */
  'externalcontact/mark_tag': {
    params: { userid: string; external_userid: string; add_tag?: string[]; remove_tag?: string[] }
    result: object
  }
  /** Within 20 seconds of the event, once. */
  'externalcontact/send_welcome_msg': { params: WireWelcome; result: object }
  /** Names of the members come only with `need_name`. */
  'externalcontact/groupchat/get': {
    params: { chat_id: string; need_name: 0 | 1 }
    result: { group_chat: WireGroupChat }
  }
  'message/send': { params: WireMessage; result: WireMessageResult }
  /** The code of a sent card or of a click is good for one update, within 72 hours; then 60140. */
  'message/update_template_card': { params: WireCardUpdate; result: { invaliduser?: string[] } }
  /** `created_at` is unix seconds as text; the id lives three days, for all apps of the corp. */
  'media/upload': {
    params: { type: MediaType }
    result: { type: MediaType; media_id: string; created_at: string }
  }
  /** JPG or PNG of at most 2 MB; the address stays, and is shown inside of WeCom only. */
  'media/uploadimg': { params: NoParams; result: { url: string } }
  'menu/create': { params: WireMenu & { agentid: number }; result: object }
  /** 46003 when no menu was ever set. */
  'menu/get': { params: { agentid: number }; result: WireMenu }
}

export type MethodPath = keyof Methods

/** A JS-SDK ticket (`path/90506`). */
interface WireTicket {
  ticket: string
  expires_in: number
}

/** What brings tokens and tickets. */
export type TokenPath = 'gettoken' | 'ticket/get' | 'get_jsapi_ticket'

/** What `AppClient.call` takes: tokens and tickets are fetched by the client itself, files go through `AppClient.upload`. */
export type CallPath = Exclude<MethodPath, TokenPath | 'media/upload' | 'media/uploadimg'>

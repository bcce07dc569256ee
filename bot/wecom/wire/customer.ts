import type { WireAttribute } from './directory.ts'

/** A customer, of `externalcontact/get` (`path/92114`) and `batch/get_by_user` (`path/92994`). There is no phone number. */
export interface WireCustomer {
  external_userid: string
  name: string
  avatar?: string
  /** 1 WeChat user, 2 WeCom user of another corp. */
  type: number
  /** 0 unknown, 1 male, 2 female. */
  gender: number
  /** Only for type 1, and only once the corp has bound an account of the same legal entity. */
  unionid?: string
  /** The rest only for type 2. */
  position?: string
  corp_name?: string
  corp_full_name?: string
  external_profile?: { external_attr?: WireAttribute[] }
}

interface WireFollowBase {
  userid: string
  remark: string
  description: string
  /** Unix seconds. */
  createtime: number
  remark_corp_name?: string
  remark_mobiles?: string[]
  /** How the two met (`path/92114`); unlisted values occur. */
  add_way: number
  /** Only for those who came by a contact way or an acquisition link. */
  state?: string
  /** Who caused it: the userid, or the external userid when the customer did. */
  oper_userid?: string
  /** Only for `add_way` 10. */
  wechat_channels?: { nickname: string; source: number }
}

/** The follow in `externalcontact/get`: the only place with personal tags and tag names. */
export interface WireFollow extends WireFollowBase {
  /** Type 1 corp tag, 2 personal tag (without `tag_id`), 3 tag of a rule group. */
  tags?: { group_name: string; tag_name: string; type: number; tag_id?: string }[]
}

/** The follow in `batch/get_by_user`: ids of corp and rule group tags only. */
export interface WireFollowInfo extends WireFollowBase {
  tag_id?: string[]
}

/** A tag group (`path/92117`). `create_time` is unix seconds; a higher `order` comes first. */
export interface WireTagGroup {
  group_id: string
  group_name: string
  create_time: number
  order: number
  /** Only present, as true, for a deleted group asked for by its id. */
  deleted?: boolean
  tag: { id: string; name: string; create_time: number; order: number; deleted?: boolean }[]
}

/** `pic_url` must come from `media/uploadimg`; `media_id` from `media/upload`, within its three days. */
export type WireImage = { media_id: string; pic_url?: string } | { pic_url: string }

/** An attachment of a welcome or a mass message (`path/92137`). */
export type WireAttachment =
  | { msgtype: 'image'; image: WireImage }
  /** `title` at most 128 bytes, `desc` at most 512. */
  | { msgtype: 'link'; link: { title: string; picurl?: string; desc?: string; url: string } }
  /** `title` at most 64 bytes; the mini-program is linked with the corp. */
  | {
      msgtype: 'miniprogram'
      miniprogram: { title: string; pic_media_id: string; appid: string; page: string }
    }
  | { msgtype: 'video'; video: { media_id: string } }
  | { msgtype: 'file'; file: { media_id: string } }

/** `externalcontact/send_welcome_msg` (`path/92137`): text (at most 4000 bytes) or attachments (at most 9), or both. */
export interface WireWelcome {
  welcome_code: string
  text?: { content: string }
  attachments?: WireAttachment[]
}

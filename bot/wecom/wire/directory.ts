/** `department/list` (`path/90208`). Departments are numbers on the wire; the root is 1. */
export interface WireDepartment {
  id: number
  name: string
  name_en?: string
  /** Userids of the leaders. */
  department_leader?: string[]
  parentid: number
  /** Higher comes first, within the parent; 0 to 2^32 - 1. */
  order: number
}

/**
 * A member, of `user/get` (`path/90196`) and `user/list` (`path/90201`). Apps made since 2022-06-20 never get `avatar`,
 * `mobile`, `email`, `biz_mail`, `qr_code` or `address`, and `gender` is 0. `department`, `order` and
 * `is_leader_in_dept` run side by side.
 */
export interface WireMember {
  userid: string
  name: string
  alias?: string
  english_name?: string
  department: number[]
  order?: number[]
  is_leader_in_dept?: (0 | 1)[]
  /** At most one userid. */
  direct_leader?: string[]
  main_department?: number
  position?: string
  external_position?: string
  /** 1 active, 2 disabled, 4 not activated, 5 left. */
  status: number
  /** '0' unknown, '1' male, '2' female. */
  gender?: string
  mobile?: string
  telephone?: string
  email?: string
  biz_mail?: string
  avatar?: string
  thumb_avatar?: string
  qr_code?: string
  address?: string
  open_userid?: string
  extattr?: { attrs: WireAttribute[] }
  external_profile?: {
    external_corp_name?: string
    wechat_channels?: { nickname: string; status: number }
    external_attr?: WireAttribute[]
  }
}

/** A custom attribute: type 0 text, 1 web page, 2 mini-program. */
export interface WireAttribute {
  type: number
  name: string
  text?: { value: string }
  web?: { url: string; title: string }
  miniprogram?: { appid: string; pagepath?: string; title: string }
}

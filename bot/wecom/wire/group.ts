/** A customer group, of `externalcontact/groupchat/get` (`path/92122`). Times are unix seconds. */
export interface WireGroupChat {
  chat_id: string
  /** Empty where nobody has named the group. */
  name?: string
  owner: string
  create_time: number
  notice?: string
  member_list: {
    /** Of a member of the corp, or of an external contact. */
    userid: string
    /** 1 member of the corp, 2 external contact. */
    type: number
    name?: string
    group_nickname?: string
    join_time: number
    /** 1 invited by a member, 2 by an invitation link, 3 by a group code. */
    join_scene: number
    invitor?: { userid: string }
    /** Only for those who came by a group code. */
    state?: string
  }[]
  admin_list?: { userid: string }[]
}

import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** Somebody in a customer group. */
export interface GroupMember {
  /** A userid, or an external userid. */
  userid: string
  /** 1 member of the corp, 2 external contact. */
  type: number
  name: string
  groupNickname: string
  joinedAt: Date
  /** 1 invited by a member, 2 by an invitation link, 3 by a group code. */
  joinScene: number
  /** The group code's mark. */
  state?: string
  /** Userid of the member who invited. */
  invitor?: string
}

/** 客户群 (`path/92122`), as it was last read. */
export interface Group {
  corpId: string
  chatId: string
  name: string
  /** Userid, as given. */
  owner: string
  notice: string
  createdAt: Date
  /** Userids, as given. */
  admins: string[]
  members: GroupMember[]
  readAt: Date
}

const member = new Schema<GroupMember>(
  {
    userid: { type: String, required: true },
    type: { type: Number, required: true },
    name: { type: String, default: '' },
    groupNickname: { type: String, default: '' },
    joinedAt: { type: Date, required: true },
    joinScene: { type: Number, required: true },
    state: String,
    invitor: String,
  },
  { _id: false },
)

export const groupSchema = new Schema<Group>(
  {
    corpId: { type: String, required: true },
    chatId: { type: String, required: true },
    name: { type: String, default: '' },
    owner: { type: String, required: true },
    notice: { type: String, default: '' },
    createdAt: { type: Date, required: true },
    admins: { type: [String], required: true },
    members: { type: [member], required: true },
    readAt: { type: Date, required: true },
  },
  { ...plain, collection: 'groups' },
)
groupSchema.index({ corpId: 1, chatId: 1 }, { unique: true })

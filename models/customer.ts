import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** 客户: an external contact (`path/92114`). What belongs to a pair with a staff member is in follow.ts. */
export interface Customer {
  corpId: string
  externalUserid: string
  /** The nickname that the customer chose. */
  name: string
  /** 1 WeChat user, 2 WeCom user of another corp. */
  type: number
  /** 0 unknown, 1 male, 2 female. */
  gender: number
  avatar?: string
  unionid?: string
  corpName?: string
  position?: string
  /** The union of the corp tag ids of all follows that we hold. */
  tags: string[]
  /** When the platform's data was last read. */
  readAt?: Date
}

export const customerSchema = new Schema<Customer>(
  {
    corpId: { type: String, required: true },
    externalUserid: { type: String, required: true },
    // A nickname may be empty on the platform.
    name: { type: String, default: '' },
    type: { type: Number, required: true },
    gender: { type: Number, required: true },
    avatar: String,
    unionid: String,
    corpName: String,
    position: String,
    tags: { type: [String], required: true },
    readAt: Date,
  },
  { ...plain, collection: 'customers' },
)
customerSchema.index({ corpId: 1, externalUserid: 1 }, { unique: true })
customerSchema.index({ corpId: 1, name: 1 })

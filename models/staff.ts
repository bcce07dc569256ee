import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** 成员 (`path/90196`): someone of the company who uses WeCom. */
export interface Staff {
  corpId: string
  /** As the platform gave it. */
  userid: string
  /** `userid` as compared, see userid.ts. */
  useridKey: string
  name: string
  alias?: string
  departments: string[]
  /** Departments that this member leads. */
  leads: string[]
  position: string
  directLeader?: string
  /** 1 active, 2 disabled, 4 not activated, 5 left. */
  status: number
  /** Has the customer-contact feature (`path/92571`). */
  contactsCustomers: boolean
  /** Sessions of the sidebar that began before have ended: set by logging out. */
  sessionsFrom?: Date
  /** Set by a sync that no longer found the member. */
  removedAt?: Date
}

export const staffSchema = new Schema<Staff>(
  {
    corpId: { type: String, required: true },
    userid: { type: String, required: true },
    useridKey: { type: String, required: true },
    name: { type: String, required: true },
    alias: String,
    departments: { type: [String], required: true },
    leads: { type: [String], required: true },
    position: { type: String, default: '' },
    directLeader: String,
    status: { type: Number, required: true },
    contactsCustomers: { type: Boolean, required: true, default: false },
    sessionsFrom: Date,
    removedAt: Date,
  },
  { ...plain, collection: 'staff' },
)
staffSchema.index({ corpId: 1, useridKey: 1 }, { unique: true })
staffSchema.index({ corpId: 1, departments: 1 })

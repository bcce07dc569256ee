import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** 部门 (`path/90208`). */
export interface Department {
  corpId: string
  departmentId: string
  name: string
  /** `0` above the root department. */
  parentId: string
  order: number
  /** Userids of its leaders, as given. */
  leaders: string[]
  /** Set by a sync that no longer found it. */
  removedAt?: Date
}

export const departmentSchema = new Schema<Department>(
  {
    corpId: { type: String, required: true },
    departmentId: { type: String, required: true },
    name: { type: String, required: true },
    parentId: { type: String, required: true },
    order: { type: Number, required: true },
    leaders: { type: [String], required: true },
    removedAt: Date,
  },
  { ...plain, collection: 'departments' },
)
departmentSchema.index({ corpId: 1, departmentId: 1 }, { unique: true })

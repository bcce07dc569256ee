import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** 企业标签组 (`path/92117`). */
export interface TagGroup {
  corpId: string
  groupId: string
  name: string
  order: number
  removedAt?: Date
}

/** 企业标签. Named `组/标签`, or `标签` where that is unique. */
export interface Tag {
  corpId: string
  tagId: string
  groupId: string
  groupName: string
  name: string
  order: number
  removedAt?: Date
}

export const tagGroupSchema = new Schema<TagGroup>(
  {
    corpId: { type: String, required: true },
    groupId: { type: String, required: true },
    name: { type: String, required: true },
    order: { type: Number, required: true },
    removedAt: Date,
  },
  { ...plain, collection: 'tag_groups' },
)
tagGroupSchema.index({ corpId: 1, groupId: 1 }, { unique: true })

export const tagSchema = new Schema<Tag>(
  {
    corpId: { type: String, required: true },
    tagId: { type: String, required: true },
    groupId: { type: String, required: true },
    groupName: { type: String, required: true },
    name: { type: String, required: true },
    order: { type: Number, required: true },
    removedAt: Date,
  },
  { ...plain, collection: 'tags' },
)
tagSchema.index({ corpId: 1, tagId: 1 }, { unique: true })
tagSchema.index({ corpId: 1, name: 1 })

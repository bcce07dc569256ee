import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** 群机器人（消息推送）: what handlers say something into a group with. Documents know its name alone. */
export interface Robot {
  corpId: string
  /** As documents name it. */
  name: string
  /** The key of its webhook, sealed (see secrets.ts). */
  key: string
  addedAt: Date
}

/** Where a robot's key is sealed for, see `SecretBox`. */
export function robotPlace(corpId: string, name: string): string {
  return `robot:${corpId}:${name}`
}

export const robotSchema = new Schema<Robot>(
  {
    corpId: { type: String, required: true },
    name: { type: String, required: true },
    key: { type: String, required: true },
    addedAt: { type: Date, required: true },
  },
  { ...plain, collection: 'robots' },
)
robotSchema.index({ corpId: 1, name: 1 }, { unique: true })

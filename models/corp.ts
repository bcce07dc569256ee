import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'
import { usualTimeZone } from './time-zone.ts'

/** Token and key of one callback address; both are sealed (see secrets.ts). */
export interface SealedCallbackKeys {
  token: string
  aesKey: string
}

export interface CorpApp {
  /** The agent id, or `contact` for the separate customer-contact event server of older corps. */
  app: string
  /** The app's secret, sealed. Missing for `contact`, which only receives. */
  secret?: string
  callback: SealedCallbackKeys
  /**
   * What `callback` was before, the last one first. It is taken until then, and kept longer, so that an instance which
   * starts with it in its environment is known to be behind.
   */
  previous?: (SealedCallbackKeys & { until: Date })[]
}

/** Where a secret of an app is sealed for, see `SecretBox`. */
export function sealPlace(corpId: string, app: string, what: 'secret' | 'token' | 'aesKey'): string {
  return `corp:${corpId}:${app}:${what}`
}

/** 企业: one company and its self-built apps. Secrets are sealed with the installation's key. */
export interface Corp {
  corpId: string
  name: string
  /** IANA name; what people see as time. */
  timeZone: string
  /** Office hours of the corp in its time zone, minutes since midnight; `days` are ISO weekdays, 1 is Monday. */
  office: { from: number; to: number; days: number[] }
  apps: CorpApp[]
  /** Since when, and by whose word, no handler but commands runs. */
  paused?: { at: Date; by: string }
  updatedAt: Date
}

const callbackKeys = {
  token: { type: String, required: true },
  aesKey: { type: String, required: true },
} as const

export const corpSchema = new Schema<Corp>(
  {
    corpId: { type: String, required: true },
    name: { type: String, required: true },
    timeZone: { type: String, required: true, default: usualTimeZone },
    office: {
      from: { type: Number, required: true, default: 9 * 60 },
      to: { type: Number, required: true, default: 18 * 60 },
      days: { type: [Number], required: true, default: [1, 2, 3, 4, 5, 6, 7] },
    },
    apps: [
      {
        _id: false,
        app: { type: String, required: true },
        secret: String,
        callback: callbackKeys,
        previous: { type: [{ _id: false, ...callbackKeys, until: Date }], default: undefined },
      },
    ],
    paused: { type: new Schema({ at: Date, by: String }, { _id: false }) },
    updatedAt: { type: Date, required: true },
  },
  { ...plain, collection: 'corps' },
)
corpSchema.index({ corpId: 1 }, { unique: true })

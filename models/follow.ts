import { Schema } from 'mongoose'
import { durable } from './schema-options.ts'

/** 客户阶段. */
export const stages = ['待跟进', '跟进中', '已成交', '无意向', '已流失'] as const
export type Stage = (typeof stages)[number]

/**
 * The present relation of the pair, by the inbox keys of the events that announced it. One add is announced by one or
 * both of `add_half_external_contact` and `add_external_contact`; the first of them raises `customer.added`, the other
 * one `customer.confirmed` (see bot/dispatch/relation.ts).
 */
export interface Relation {
  /** The event that raised `customer.added`. */
  first: string
  /** CreateTime of that event. */
  at: Date
  half?: string
  full?: string
  /** The staff member had this customer before it began. */
  again?: boolean
  /** The welcome code that is being used, or was used, for this relation. */
  welcomeCode?: string
}

/** 跟进关系: one staff member × one customer (`path/92114` follow_user). */
export interface Follow {
  corpId: string
  userid: string
  useridKey: string
  externalUserid: string
  /** The customer's nickname, kept here so that one index answers a search by name among one's own customers. */
  customerName: string
  remark: string
  description: string
  remarkCorpName?: string
  remarkMobiles: string[]
  /** Corp tag ids of this pair. */
  tags: string[]
  /** Names of the staff member's own tags. */
  personalTags: string[]
  /** How the relation began (`path/92114` add_way). */
  addWay?: number
  /** The channel's mark. */
  state?: string
  operUserid?: string
  addedAt?: Date
  /** `removed`: the staff member deleted the customer; `lost`: the customer deleted the staff member. */
  status: 'active' | 'removed' | 'lost'
  endedAt?: Date
  stage: Stage
  lastFollowUpAt?: Date
  relation?: Relation
  /** The relations before it, the last five: what is redelivered or late is told by them. */
  past?: (Relation & { endedAt: Date })[]
  /**
   * Since when `tags` and `remark` are known to be so, by the database's time: we changed them on the platform then, or
   * asked for them. What was asked for before says nothing of them.
   */
  knownAt?: Date
}

/** Announced by the customer's request only: until it is confirmed the platform shows no relation. */
export function isUnconfirmed({ relation }: Pick<Follow, 'relation'>): boolean {
  return relation?.half !== undefined && relation.full === undefined
}

/**
 * Whether a pair that the platform lists and that we hold as ended goes on after all. A customer who deleted the staff
 * member stays listed (`path/90313`), so only a newer relation counts there; who was removed by the staff member is not
 * listed any more.
 *
 * @param begun unix seconds, as listed
 * @param askedAt when the platform was asked: what ended later is not revived by it
 */
export function isRevived(stored: Pick<Follow, 'status' | 'endedAt'>, begun: number, askedAt: Date): boolean {
  const endedAt = stored.endedAt?.getTime() ?? 0
  if (stored.status === 'lost') return begun * 1000 > endedAt
  return stored.status === 'removed' && endedAt < askedAt.getTime()
}

const relation = {
  first: { type: String, required: true },
  at: { type: Date, required: true },
  half: String,
  full: String,
  again: Boolean,
  welcomeCode: String,
} as const

export const followSchema = new Schema<Follow>(
  {
    corpId: { type: String, required: true },
    userid: { type: String, required: true },
    useridKey: { type: String, required: true },
    externalUserid: { type: String, required: true },
    customerName: { type: String, default: '' },
    remark: { type: String, default: '' },
    description: { type: String, default: '' },
    remarkCorpName: String,
    remarkMobiles: { type: [String], required: true },
    tags: { type: [String], required: true },
    personalTags: { type: [String], required: true },
    addWay: Number,
    state: String,
    operUserid: String,
    addedAt: Date,
    status: { type: String, required: true, enum: ['active', 'removed', 'lost'], default: 'active' },
    endedAt: Date,
    stage: { type: String, required: true, enum: stages, default: '待跟进' },
    lastFollowUpAt: Date,
    knownAt: Date,
    relation: { type: new Schema<Relation>(relation, { _id: false }) },
    past: {
      type: [new Schema<Relation & { endedAt: Date }>({ ...relation, endedAt: Date }, { _id: false })],
      default: undefined,
    },
  },
  // Whether somebody is welcomed hangs on the relation.
  { ...durable, collection: 'follows' },
)
followSchema.index({ corpId: 1, useridKey: 1, externalUserid: 1 }, { unique: true })
followSchema.index({ corpId: 1, externalUserid: 1 })
followSchema.index({ corpId: 1, useridKey: 1, addedAt: -1 })
// An admin's day and search are over all staff.
followSchema.index({ corpId: 1, addedAt: -1 })

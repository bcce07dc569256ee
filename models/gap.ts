import { type Model, Schema } from 'mongoose'
import { isDuplicateKey } from './lock.ts'
import { plain } from './schema-options.ts'
import { type SyncCounts, type SyncName, type SyncState, syncNames } from './sync-state.ts'

/** `unattended`: no instance took callbacks, or none could say so · `refused`: events were answered with 503. */
export const gapReasons = ['unattended', 'refused'] as const

/** A time in which events of a corp may have got lost, because WeCom tries three times and then forgets them. */
export interface Gap {
  corpId: string
  from: Date
  to: Date
  reason: (typeof gapReasons)[number]
  /** `open` until staff, tags and customers have been read anew by passes that began after it. */
  state: 'open' | 'closed'
  foundAt: Date
  /**
   * When the last pass of each sync began, as it was seen after the gap's end: one that began at another moment began
   * after it, whatever clocks say. Missing until the gap is taken up.
   */
  before?: { [what in SyncName]?: Date }
  /** How those passes ended. */
  syncs?: { [what in SyncName]?: { state: SyncState['state']; counts: SyncCounts } }
  /** Follows that were added in the gap and that no event of ours tells of. */
  missed?: number
  closedAt?: Date
}

const perSync = <T>(type: T): { [what in SyncName]: T } =>
  Object.fromEntries(syncNames.map(what => [what, type])) as { [what in SyncName]: T }

const keepSeconds = 365 * 24 * 60 * 60

export const gapSchema = new Schema<Gap>(
  {
    corpId: { type: String, required: true },
    from: { type: Date, required: true },
    to: { type: Date, required: true },
    reason: { type: String, required: true, enum: gapReasons },
    state: { type: String, required: true, enum: ['open', 'closed'] },
    foundAt: { type: Date, required: true },
    before: { type: new Schema(perSync(Date), { _id: false }) },
    syncs: { type: new Schema(perSync(Schema.Types.Mixed), { _id: false }) },
    missed: Number,
    closedAt: Date,
  },
  { ...plain, collection: 'gaps' },
)
gapSchema.index({ corpId: 1, from: 1 }, { unique: true })
gapSchema.index({ state: 1, corpId: 1, from: 1 })
gapSchema.index({ closedAt: 1 }, { expireAfterSeconds: keepSeconds })

/** Gaps that lie no further apart than this, in milliseconds, are one. */
const nearMs = 15_000

/**
 * Records a gap once, whoever finds it: one that is known already changes nothing, and one that touches an open one makes
 * that longer, so that it is taken up anew.
 *
 * @returns whether there was something to record
 */
export async function recordGap(
  gaps: Model<Gap>,
  corpId: string,
  { from, to, reason }: Pick<Gap, 'from' | 'to' | 'reason'>,
): Promise<boolean> {
  if ((await gaps.exists({ corpId, from: { $lte: from }, to: { $gte: to } })) !== null) return false
  const near = {
    corpId,
    state: 'open',
    from: { $lte: new Date(to.getTime() + nearMs) },
    to: { $gte: new Date(from.getTime() - nearMs) },
  } as const
  try {
    const { matchedCount } = await gaps.updateOne(near, {
      $min: { from },
      $max: { to },
      $unset: { before: 1 },
    })
    if (matchedCount === 1) return true
    await gaps.create({ corpId, from, to, reason, state: 'open', foundAt: new Date() })
    return true
  } catch (error) {
    // Somebody else has recorded the same one in this moment.
    if (isDuplicateKey(error)) return false
    throw error
  }
}

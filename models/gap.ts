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
 * Records a gap once, whoever finds it: one that is known already changes nothing, one that touches an open one makes
 * that longer, and one that goes on beyond a closed one of the same beginning opens that again; so each is taken up anew.
 *
 * @returns whether there was something to record
 */
export async function recordGap(
  gaps: Model<Gap>,
  corpId: string,
  gap: Pick<Gap, 'from' | 'to' | 'reason'>,
): Promise<boolean> {
  const { from, to } = gap
  if ((await gaps.exists({ corpId, from: { $lte: from }, to: { $gte: to } })) !== null) return false
  if (!(await enter(gaps, corpId, gap))) return false
  await join(gaps, corpId)
  return true
}

async function enter(
  gaps: Model<Gap>,
  corpId: string,
  { from, to, reason }: Pick<Gap, 'from' | 'to' | 'reason'>,
): Promise<boolean> {
  const near = {
    corpId,
    state: 'open' as const,
    from: { $lte: new Date(to.getTime() + nearMs) },
    to: { $gte: new Date(from.getTime() - nearMs) },
    // Somebody else may have recorded the same one in this moment.
    $or: [{ from: { $gt: from } }, { to: { $lt: to } }],
  }
  try {
    const longer = { $min: { from }, $max: { to }, $unset: { before: 1 } } as const
    const { matchedCount } = await gaps.updateOne(near, longer)
    if (matchedCount === 0)
      await gaps.create({ corpId, from, to, reason, state: 'open', foundAt: new Date() })
    return true
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    // There is one of the same beginning: closed, or recorded by somebody else in this moment.
    const { matchedCount } = await gaps.updateOne(
      { corpId, from, to: { $lt: to } },
      { $set: { state: 'open' }, $max: { to }, $unset: { before: 1, closedAt: 1 } },
    )
    return matchedCount === 1
  }
}

/**
 * Makes one of open gaps that touch: two processes may have entered theirs at once, and whoever looks later sees both. A
 * gap goes away only after another one has taken in all of its time, so that dying in between loses none.
 */
async function join(gaps: Model<Gap>, corpId: string): Promise<void> {
  const open = await gaps.find({ corpId, state: 'open' }).sort({ from: 1 }).lean()
  let earlier = open.shift()
  for (const later of open) {
    if (earlier === undefined || later.from.getTime() - earlier.to.getTime() > nearMs) {
      earlier = later
      continue
    }
    const { _id, from, to } = later
    const taken = await gaps
      .findOneAndUpdate(
        { _id: earlier._id, state: 'open' },
        { $max: { to }, $unset: { before: 1 } },
        { returnDocument: 'after' },
      )
      .lean()
    // One that somebody has made longer meanwhile stays: its time is not all taken in.
    if (taken !== null) await gaps.deleteOne({ _id, state: 'open', from, to })
    earlier = taken ?? later
  }
}

import type { Connection } from 'mongoose'
import type { Logger } from 'pino'
import type { Clock } from '../models/clock.ts'
import { type Gap, recordGap } from '../models/gap.ts'
import { inTime } from '../models/in-time.ts'
import type { Models } from '../models/models.ts'
import type { Metrics } from './metrics.ts'

export interface GapWatchDeps {
  connection: Connection
  models: Models
  metrics: Metrics
  log: Logger
  /** All gaps are told in the database's time. */
  clock: Clock
  /** Has staff, tags and customers of a corp read anew. */
  requestReconcile(corpId: string): Promise<void>
  /** How often this process says that it takes callbacks, in milliseconds. */
  beatMs?: number
  /** Nobody having said so for this long, in milliseconds, is a gap. */
  gapMs?: number
}

/** Finds the times in which events may have got lost, see `Gaps` in docs/dispatch.md. */
export interface GapWatch {
  /** From here on this process takes callbacks. */
  start(): void
  stop(): Promise<void>
  /** An event was answered with 503, because it could not be stored. */
  refused(): void
  /** An event was stored. */
  stored(): void
}

/** What all instances share: when one of them said last that it takes callbacks, and a gap that is not recorded yet. */
interface Attendance {
  _id: 'callbacks'
  at: Date
  pending: { from: Date; to: Date } | null
}

interface Refusal {
  from: Date
  /** Milliseconds of `performance.now()`. */
  last: number
  /** Since when events are stored again. */
  to?: Date
}

const patienceMs = 2_000
/** What is refused now came a moment ago: the inbox waits 3 s for the database, and the platform 5 s for us. */
const cameMs = 5_000

export function createGapWatch(deps: GapWatchDeps): GapWatch {
  const { models, metrics, log, clock, beatMs = 3_000, gapMs = 15_000 } = deps
  const attendance = deps.connection.collection<Attendance>('meta')
  let refusal: Refusal | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let beating: Promise<void> = Promise.resolve()
  let wasAway = false

  /**
   * Says that callbacks are taken, by the database's clock, and gets the gap before it. A gap stays in the document until
   * it is recorded: whoever found it may die in between.
   */
  async function attend(): Promise<Attendance['pending']> {
    const silence = { $subtract: ['$$NOW', { $ifNull: ['$at', '$$NOW'] }] }
    const found = { from: { $ifNull: ['$pending.from', '$at'] }, to: '$$NOW' }
    const pending = { $cond: [{ $gt: [silence, gapMs] }, found, { $ifNull: ['$pending', null] }] }
    const asked = attendance.findOneAndUpdate({ _id: 'callbacks' }, [{ $set: { at: '$$NOW', pending } }], {
      upsert: true,
      returnDocument: 'after',
      writeConcern: { w: 'majority', journal: true },
    })
    return (await inTime(patienceMs, asked))?.pending ?? null
  }

  async function record(gap: Pick<Gap, 'from' | 'to' | 'reason'>): Promise<void> {
    const corps = await models.corps.find({}, { corpId: 1, apps: 1 }).sort({ corpId: 1 }).lean()
    // Of one that only receives, nothing can be read.
    for (const { corpId } of corps.filter(({ apps }) => apps.some(app => app.secret !== undefined))) {
      if (!(await recordGap(models.gaps, corpId, gap))) continue
      metrics.gaps.inc({ reason: gap.reason })
      log.warn({ corpId, ...gap }, 'events may have got lost; staff, tags and customers are read anew')
      await deps.requestReconcile(corpId)
    }
  }

  async function beat(): Promise<void> {
    const pending = await attend()
    if (pending !== null) {
      await record({ ...pending, reason: 'unattended' })
      await attendance.updateOne({ _id: 'callbacks', 'pending.to': pending.to }, { $set: { pending: null } })
    }
    const own = refusal
    if (own === undefined) return
    // Where no event comes that could be stored, none being refused any more is as good.
    const to = own.to ?? (performance.now() - own.last >= gapMs ? new Date(clock.now()) : undefined)
    if (to === undefined) return
    refusal = undefined
    try {
      await record({ from: own.from, to, reason: 'refused' })
    } catch (error) {
      refusal = { ...(refusal ?? own), from: own.from }
      throw error
    }
  }

  async function look(): Promise<void> {
    try {
      await beat()
      wasAway = false
    } catch (error) {
      // The database is away; what is lost meanwhile is found when it is back.
      if (!wasAway) log.warn({ err: error }, 'this process could not say that it takes callbacks')
      wasAway = true
    }
    if (!stopped) timer = setTimeout(begin, beatMs)
  }
  function begin(): void {
    beating = look()
  }

  return {
    start: begin,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await beating
      // Nobody else knows of what this process has refused.
      if (refusal === undefined) return
      refusal.to ??= new Date(clock.now())
      await look()
    },
    refused() {
      const { from = new Date(clock.now() - cameMs) } = refusal ?? {}
      refusal = { from, last: performance.now() }
    },
    stored() {
      if (refusal !== undefined) refusal.to ??= new Date(clock.now())
    },
  }
}

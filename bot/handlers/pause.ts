import type { Corp } from '../../models/corp.ts'
import type { Models } from '../../models/models.ts'

/** Whether it was changed, and since when, and by whose word, it is or was paused. */
export interface Pausing {
  changed: boolean
  paused?: NonNullable<Corp['paused']>
}

/** Has no handler of the corp but commands run until it is resumed; one that is paused already stays as it is. */
export async function pauseCorp(models: Models, corpId: string, by: string): Promise<Pausing> {
  const paused = { at: new Date(), by }
  const { modifiedCount } = await models.corps.updateOne({ corpId, paused: null }, { $set: { paused } })
  if (modifiedCount > 0) return { changed: true, paused }
  return { changed: false, ...(await pauseOf(models, corpId)) }
}

/** Has the handlers of the corp run again. What came meanwhile is not made up for. */
export async function resumeCorp(models: Models, corpId: string): Promise<Pausing> {
  const before = await models.corps
    .findOneAndUpdate(
      { corpId, paused: { $ne: null } },
      { $unset: { paused: 1 } },
      { returnDocument: 'before' },
    )
    .lean()
  return before?.paused == null ? { changed: false } : { changed: true, paused: before.paused }
}

/** Since when, and by whose word, the corp is paused. */
export async function pauseOf(models: Models, corpId: string): Promise<Pick<Corp, 'paused'>> {
  const corp = await models.corps.findOne({ corpId }, { paused: 1 }).lean()
  return corp?.paused == null ? {} : { paused: corp.paused }
}

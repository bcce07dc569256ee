import { useridKey } from '../../models/userid.ts'
import type { ActionContext } from './define.ts'
import { minute } from './moments.ts'

/** How moments and people are written for whoever reads an answer about handlers. */
export interface HandlerVoice {
  /** `11-20 18:03` */
  at(moment: Date): string
  who(by: string): string
}

/** Looks up the names of those who switched or paused something; the operator's tool is 运维. */
export async function handlerVoice(
  { models, corp, now }: ActionContext,
  people: readonly (string | undefined)[],
): Promise<HandlerVoice> {
  const keys = [...new Set(people.flatMap(one => (one === undefined ? [] : [useridKey(one)])))]
  const staff =
    keys.length === 0
      ? []
      : await models.staff
          .find({ corpId: corp.corpId, useridKey: { $in: keys } }, { useridKey: 1, name: 1 })
          .lean()
  return {
    at: moment => minute(moment, corp.timeZone, now),
    who: by => staff.find(one => one.useridKey === useridKey(by))?.name ?? (by === 'operator' ? '运维' : by),
  }
}

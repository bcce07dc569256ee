import { actions } from '../../bot/actions/registry.ts'
import { nextDue } from '../../bot/handlers/cron.ts'
import { stateOf } from '../../bot/handlers/state.ts'
import type { StoredHandler } from '../../models/handler.ts'
import type { Models } from '../../models/models.ts'
import { when, whenIn } from './verb.ts'

/** So many of what is planned are shown. */
const shown = 10

/** When a scheduled handler runs next; undefined for others, and for one that is off. */
export function nextRun(
  stored: Pick<StoredHandler, 'document' | 'draft' | 'enabled' | 'revision'>,
  timeZone: string,
): { at: Date; text: string } | undefined {
  const { schedule } = Object(stored.document?.trigger) as { schedule?: unknown }
  if (typeof schedule !== 'string' || stateOf(stored, actions).state !== 'on') return undefined
  const at = new Date(nextDue(schedule, timeZone, Date.now()))
  return { at, text: whenIn(at, timeZone) }
}

/** What is planned of a handler for later, the next first: a sentence each. */
export async function plansOf(models: Models, corpId: string, handler: string): Promise<string[]> {
  const planned = await models.inbox
    .find({
      state: 'waiting',
      lane: 'slow',
      notBefore: { $gt: new Date() },
      corpId,
      'start.handler': handler,
    })
    .select({ notBefore: 1, start: 1 })
    .sort({ notBefore: 1 })
    .limit(shown + 1)
    .lean()
  const lines = planned.slice(0, shown).map(({ _id: id, notBefore, start }) => {
    const about = [
      start?.externalUserid !== undefined && ` for customer ${start.externalUserid}`,
      start?.userid !== undefined && ` of ${start.userid}`,
    ]
    return `is planned for ${when(notBefore)}${about.filter(Boolean).join('')}: ${id}`
  })
  const more = `more than ${shown} are planned; inbox list --event handler.due has all`
  return planned.length > shown ? [...lines, more] : lines
}

import type { Corp } from '../../models/corp.ts'
import type { Passed } from '../../models/inbox-event.ts'
import type { BrokenHandler } from '../handlers/handler-set.ts'

/** A handler that an event does not start. */
export function passedOver(
  { key: handler, revision }: { key: string; revision: number },
  stage: Passed['stage'],
  why: string,
): Passed {
  return { handler, revision, stage, why }
}

/** Why nothing runs while a corp is paused. */
export function reasonOfPause({ at, by }: NonNullable<Corp['paused']>): string {
  return `since ${at.toISOString()} by ${by}`
}

/** Why a broken handler does not run: the first thing that is wrong with it. */
export function reasonOfFault({ problems: [first] }: BrokenHandler): string {
  return first === undefined ? '' : `${first.path} ${first.message}`
}

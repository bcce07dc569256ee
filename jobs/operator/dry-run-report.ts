import type { Rehearsal } from '../../bot/dispatch/rehearse.ts'
import { reasonOf } from '../../bot/handlers/conditions.ts'
import { cutColumns } from './table-text.ts'

type Row = Record<string, unknown>

/** What keeps a handler from the event, in the order in which it is asked. */
function against({ match, scope, relation, when }: Rehearsal): string[] {
  return [
    ...(match === undefined ? [] : [`trigger: ${match}`]),
    ...(scope === undefined ? [] : [`scope: ${scope}`]),
    ...(relation === undefined ? [] : [relation]),
    ...(when === undefined || when.ok ? [] : [`when: ${reasonOf(when)}`]),
  ]
}

export const wouldStart = (tried: Rehearsal): boolean => against(tried).length === 0

/** The answer, before all tables. */
export function sentenceOf(key: string, tried: Rehearsal): string {
  if (!wouldStart(tried)) return `${key} would not start: ${against(tried).join('; ')}`
  const failed = tried.run.steps.find(step => step.state === 'failed')
  return failed === undefined
    ? `${key} would start`
    : `${key} would start, and its step ${failed.id} would fail`
}

/** A line for each part that decides whether it starts. */
export function checksOf({ match, scope, relation, when }: Rehearsal): Row[] {
  return [
    { part: 'trigger', fits: match === undefined ? 'yes' : 'no', why: match },
    { part: 'scope', fits: scope === undefined ? 'yes' : 'no', why: scope },
    ...(relation === undefined ? [] : [{ part: 'relation', fits: 'no', why: relation }]),
    ...(when === undefined
      ? []
      : [{ part: 'when', fits: when.ok ? 'yes' : 'no', why: leaves(when).join('; ') }]),
  ]
}

function leaves(result: NonNullable<Rehearsal['when']>): string[] {
  return result.parts?.flatMap(leaves) ?? [`${result.why}: ${result.ok ? 'holds' : 'does not hold'}`]
}

/** A line for each step. */
export function stepsOf({ run }: Rehearsal): Row[] {
  return run.steps.map(({ id, action, state, skipped, would, output, error }) => ({
    step: id,
    action,
    state: skipped === undefined || skipped === 'dry_run' ? state : `${state} (${skipped})`,
    would: error?.message ?? JSON.stringify(would ?? output),
  }))
}

const briefMax = 80

/** One line for all that it would do, or why it would not start. */
export function briefOf(tried: Rehearsal): { starts: 'yes' | 'no'; 'why not, or what': string } {
  const starts = wouldStart(tried)
  const done = tried.run.steps
    .filter(step => step.skipped === undefined || step.skipped === 'dry_run')
    .map(({ id, would, output, error }) => `${id}: ${error?.message ?? JSON.stringify(would ?? output)}`)
  const brief = starts ? done.map(one => cutColumns(one, briefMax)).join('; ') : against(tried).join('; ')
  return { starts: starts ? 'yes' : 'no', 'why not, or what': brief }
}

import type { Rehearsal } from '../../bot/dispatch/rehearse.ts'
import { reasonOf } from '../../bot/handlers/conditions.ts'
import type { RunStep } from '../../models/run.ts'
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

/** Also where another handler only may keep it from the event. */
export const wouldStart = (tried: Rehearsal): boolean =>
  against(tried).length === 0 && tried.kept?.sure === undefined

/** The answer, before all tables. */
export function sentenceOf(key: string, tried: Rehearsal): string {
  const { kept, run } = tried
  if (against(tried).length > 0) return `${key} would not start: ${against(tried).join('; ')}`
  if (kept?.sure) return `${key} would be kept from it: ${kept.why}`
  const failed = run.steps.find(step => step.state === 'failed')
  const ending = failed === undefined ? '' : `, and its step ${failed.id} would fail`
  return `${key} would start${ending}${kept === undefined ? '' : `; but ${kept.why}`}`
}

/** A line for each part that decides whether it starts. */
export function checksOf({ match, scope, relation, when, kept }: Rehearsal): Row[] {
  return [
    { part: 'trigger', fits: match === undefined ? 'yes' : 'no', why: match },
    { part: 'scope', fits: scope === undefined ? 'yes' : 'no', why: scope },
    ...(relation === undefined ? [] : [{ part: 'relation', fits: 'no', why: relation }]),
    ...(when === undefined
      ? []
      : [{ part: 'when', fits: when.ok ? 'yes' : 'no', why: leaves(when).join('; ') }]),
    ...(kept === undefined ? [] : [{ part: 'others', fits: kept.sure ? 'no' : 'perhaps', why: kept.why }]),
  ]
}

function leaves(result: NonNullable<Rehearsal['when']>): string[] {
  return result.parts?.flatMap(leaves) ?? [`${result.why}: ${result.ok ? 'holds' : 'does not hold'}`]
}

/** A line for each step. */
export function stepsOf({ run }: Rehearsal): Row[] {
  return run.steps.map(step => ({
    step: step.id,
    action: step.action,
    state: shownState(step),
    would: step.error?.message ?? JSON.stringify(step.would ?? step.output),
  }))
}

/** What is stored as left out by a dry run is what would be done. */
function shownState({ state, skipped, error }: RunStep): string {
  // It would wait until the customer's request is confirmed.
  if (skipped === 'dry_run') return error === undefined ? 'would run' : 'would wait'
  return skipped === undefined ? state : `${state} (${skipped})`
}

const briefMax = 80

/** One line for all that it would do, or why it would not start. */
export function briefOf(tried: Rehearsal): { starts: 'yes' | 'perhaps' | 'no'; 'why not, or what': string } {
  const { kept } = tried
  const done = tried.run.steps
    .filter(step => step.skipped === undefined || step.skipped === 'dry_run')
    .map(({ id, would, output, error }) => `${id}: ${error?.message ?? JSON.stringify(would ?? output)}`)
  const what = done.map(one => cutColumns(one, briefMax))
  const others = kept === undefined ? [] : [kept.why]
  if (!wouldStart(tried))
    return { starts: 'no', 'why not, or what': [...against(tried), ...others].join('; ') }
  return {
    starts: kept === undefined ? 'yes' : 'perhaps',
    'why not, or what': [...others, ...what].join('; '),
  }
}

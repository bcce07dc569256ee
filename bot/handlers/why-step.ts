import type { Run, RunStep } from '../../models/run.ts'
import { errcodeInfo } from '../wecom/errcodes.ts'
import { reasonOf } from './conditions.ts'
import type { Trouble } from './why-said.ts'

/** What became of a step of a run, in the order in which it was decided. */
export type StepFate =
  | { fate: 'done' | 'dry_run' | 'cooldown' | 'stopped' | 'awaits' | 'too_late' | 'pending' }
  | { fate: 'if_false'; why: string }
  | { fate: 'not_reached'; by: string; trouble: Trouble }
  | { fate: 'failed' | 'left'; trouble: Trouble }
  | { fate: 'retrying' | 'uncertain'; trouble?: Trouble }

export function fateOf(run: Run, step: RunStep): StepFate {
  const { state, skipped, error } = step
  const trouble = error && troubleOf(error)
  const own = trouble && { trouble }
  if (state === 'done') return { fate: run.dryRun === true ? 'dry_run' : 'done' }
  if (state === 'waiting' && run.state !== 'failed') return { fate: 'awaits' }
  if (state === 'skipped') {
    if (skipped === 'dry_run' || skipped === 'cooldown') return { fate: skipped }
    return skipped === 'stop'
      ? { fate: 'stopped' }
      : { fate: 'if_false', why: step.if === undefined ? '' : reasonOf(step.if) }
  }
  if (state === 'failed') {
    if (error?.code === 'relation_over') return { fate: 'too_late' }
    if (step.uncertain === true) return { fate: 'uncertain', ...own }
    if (trouble !== undefined && leftCodes.has(trouble.code)) return { fate: 'left', trouble }
    return { fate: 'failed', trouble: trouble ?? unknownTrouble }
  }
  // Neither done nor given up: something before it ended the run, or its turn is still to come.
  const ended = run.state === 'failed' || run.state === 'done'
  const before = state === 'waiting' ? run.steps : run.steps.slice(0, run.steps.indexOf(step))
  const stopper = before.findLast(one => one.state === 'failed')
  if (ended && stopper !== undefined)
    return { fate: 'not_reached', by: stopper.id, trouble: troubleOf(stopper.error) }
  if (ended) return { fate: 'uncertain', ...own }
  return step.attempts > 0 ? { fate: 'retrying', ...own } : { fate: 'pending' }
}

/** The run was begun, and ended before the step's turn, see `endLeft`. */
const leftCodes: ReadonlySet<string> = new Set([
  'handler_off',
  'handler_broken',
  'handler_paused',
  'handler_dry_run',
  'event_given_up',
  'event_gone',
])

const unknownTrouble: Trouble = { code: 'unknown', message: 'the reason was not stored' }

/** An error as it was stored, with what the platform's code means. */
export function troubleOf(error: { code: string; message: string } | undefined): Trouble {
  if (error === undefined) return unknownTrouble
  const errcode = /^wecom_(-?\d+)$/.exec(error.code)?.[1]
  return { ...error, ...(errcode !== undefined && { hint: errcodeInfo(Number(errcode)).hint }) }
}

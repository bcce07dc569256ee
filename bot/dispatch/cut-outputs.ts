import type { RunStep } from '../../models/run.ts'
import { ActionRefused } from '../actions/define.ts'
import type { CompiledStep } from '../handlers/compile.ts'
import { namesOutput } from './redact.ts'
import { isOpen, newStep } from './store-run.ts'

/** What an earlier step gave and what is not kept whole. */
function lacks(step: CompiledStep, { id, cut = [] }: RunStep): boolean {
  return cut.some(field => namesOutput(step, id, field))
}

/**
 * Before a run that was over is gone on with, as by a replay: what was read and is not kept whole is read anew, where a
 * step that is left names it.
 */
export function reopenCut(steps: readonly CompiledStep[], records: RunStep[]): void {
  // From the last one on, because what is read anew may name what was read before it.
  for (const [at, step] of [...steps.entries()].reverse()) {
    const record = records[at]
    if (!step.reads || record?.state !== 'done' || record.cut === undefined) continue
    const needed = steps.slice(at + 1).some((later, index) => {
      const left = records[at + 1 + index]
      return left !== undefined && isOpen(left) && lacks(later, record)
    })
    if (needed) records[at] = { ...newStep(record), ...(record.if && { if: record.if }) }
  }
}

/** @throws ActionRefused where the step names what is no longer kept whole: masked and cut texts are for traces */
export function refuseCut(step: CompiledStep, records: readonly RunStep[]): void {
  const lacking = records.find(record => record.id !== step.id && lacks(step, record))
  if (lacking === undefined) return
  throw new ActionRefused(
    'output_cut',
    `步骤 ${lacking.id} 当时的结果（${lacking.cut?.join('、')}）已按规定隐去手机号、截短，这一步不能用它补做。`,
  )
}

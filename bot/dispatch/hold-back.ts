import type { RunStep } from '../../models/run.ts'
import type { CompiledStep } from '../handlers/compile.ts'
import { namedSteps } from './named-steps.ts'

/**
 * Has a step wait with an earlier one that waits for a confirmation, where that one's outcome decides about it: it names
 * it, or may be kept from running by a `stop` that waits. A welcome cannot wait, because its code does not live so long:
 * it goes by what is known now, and after such a `stop` it is left out.
 *
 * @param before the steps before it, with their records
 * @returns whether it waits
 */
export function holdBack(
  before: readonly CompiledStep[],
  records: readonly RunStep[],
  { step, record }: { step: CompiledStep; record: RunStep },
): boolean {
  const waiting = before.filter((_, index) => records[index]?.state === 'waiting')
  if (waiting.length === 0) return false
  const behindStop = waiting.some(({ action }) => action === 'stop')
  if (step.action === 'welcome.send') {
    if (behindStop) Object.assign(record, { state: 'skipped', skipped: 'stop' })
    return false
  }
  if (!behindStop && !waiting.some(({ id }) => isNamed(id, step))) return false
  record.state = 'waiting'
  return true
}

/** Whether a step names what became of an earlier one. What a template looks up by a variable may be any. */
function isNamed(id: string, step: CompiledStep): boolean {
  return namedSteps(step).some(([named = id]) => named === id)
}

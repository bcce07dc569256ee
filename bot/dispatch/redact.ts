import { isDeepStrictEqual } from 'node:util'
import type { Run, RunStep } from '../../models/run.ts'
import type { CompiledHandler, CompiledStep } from '../handlers/compile.ts'
import type { ConditionResult } from '../handlers/conditions.ts'
import { maskedText, maskMobiles } from '../handlers/mask.ts'
import { namedSteps } from './named-steps.ts'
import { isRecordOf } from './step-records.ts'

/** Characters of a text in a trace; of an error's message, which says what to mend. */
const textMax = 200
const messageMax = 500
/** A list or an object keeps so many of its parts, a trace so many levels of them. */
const partsMax = 50
const depthMax = 8

/**
 * A run as it is kept once it is over: mobile numbers are masked, texts and lists cut, see `RunStep.cut`. What a later
 * attempt at one of its steps would refer to is kept whole, unless it can be read anew.
 */
export function redacted(run: Run, handler?: CompiledHandler): Pick<Run, 'steps' | 'when'> {
  return {
    steps: run.steps.map(step => redactedStep(step, handler !== undefined && isNeeded(step, run, handler))),
    ...(run.when && { when: redactedResult(run.when) }),
  }
}

/** Whether a step that may still be done, after a replay, names what this one gave and can not give again. */
function isNeeded({ id }: RunStep, { steps }: Run, handler: CompiledHandler): boolean {
  if (handler.steps.some(step => step.id === id && step.reads)) return false
  return handler.steps.some(step => {
    const state = steps.find(record => isRecordOf(record, step))?.state
    return state !== 'done' && state !== 'skipped' && namesOutput(step, id)
  })
}

/** Whether a step names what this one gave, or that one field of it. */
export function namesOutput(step: Pick<CompiledStep, 'if' | 'with'>, id: string, field?: string): boolean {
  return namedSteps(step).some(([of = id, what = 'output', part = field]) => {
    return of === id && what === 'output' && (field === undefined || part === field)
  })
}

function redactedStep(step: RunStep, whole: boolean): RunStep {
  return {
    ...step,
    ...(step.output !== undefined && !whole && redactedOutput(step)),
    ...(step.would !== undefined && { would: redactedValue(step.would) }),
    ...(step.if && { if: redactedResult(step.if) }),
    ...(step.error && { error: { ...step.error, message: maskedText(step.error.message, messageMax) } }),
  }
}

function redactedOutput({ output, cut = [] }: RunStep): Pick<RunStep, 'output' | 'cut'> {
  const kept = redactedValue(output)
  const changed = Object.entries(Object(output))
    .filter(([name, value]) => !isDeepStrictEqual(value, Object(kept)[name]))
    .map(([name]) => name)
  const all = [...new Set([...cut, ...changed])]
  return { output: kept, ...(all.length > 0 && { cut: all }) }
}

function redactedResult({ ok, why, parts }: ConditionResult): ConditionResult {
  return { ok, why: maskedText(why, textMax), ...(parts && { parts: parts.map(redactedResult) }) }
}

/** A value as traces show it. */
export function redactedValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskedText(value, textMax)
  if (typeof value === 'number') {
    const masked = maskMobiles(String(value))
    return masked === String(value) ? value : masked
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth === depthMax) return '…'
  if (Array.isArray(value)) {
    const kept = value.slice(0, partsMax).map(part => redactedValue(part, depth + 1))
    return value.length > partsMax ? [...kept, '…'] : kept
  }
  const parts = Object.entries(value).slice(0, partsMax)
  return Object.fromEntries(parts.map(([name, part]) => [name, redactedValue(part, depth + 1)]))
}

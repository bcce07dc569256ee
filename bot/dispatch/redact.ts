import type { Run, RunStep } from '../../models/run.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { type ConditionResult, pathsOf } from '../handlers/conditions.ts'
import { cutText, maskMobiles } from '../handlers/mask.ts'
import { isRecordOf } from './step-records.ts'

/** Characters of a text in a trace; of an error's message, which says what to mend. */
const textMax = 200
const messageMax = 500
/** A list or an object keeps so many of its parts, a trace so many levels of them. */
const partsMax = 50
const depthMax = 8

/**
 * A run as it is kept once it is over: mobile numbers are masked, texts and lists cut. What a later attempt at one of
 * its steps would refer to is kept whole.
 */
export function redacted(run: Run, handler?: CompiledHandler): Pick<Run, 'steps' | 'when'> {
  const whole = handler !== undefined && refersToOutputs(handler, run.steps)
  return {
    steps: run.steps.map(step => redactedStep(step, whole)),
    ...(run.when && { when: redactedResult(run.when) }),
  }
}

/** Whether a step that may still be done, after a confirmation or a replay, names what earlier ones gave. */
function refersToOutputs(handler: CompiledHandler, records: readonly RunStep[]): boolean {
  return handler.steps.some(step => {
    const state = records.find(record => isRecordOf(record, step))?.state
    if (state === 'done' || state === 'skipped') return false
    const paths = step.if === undefined ? [] : pathsOf(step.if)
    return step.with.names.includes('steps') || paths.some(path => path.startsWith('steps.'))
  })
}

function redactedStep(step: RunStep, whole: boolean): RunStep {
  return {
    ...step,
    ...(step.output !== undefined && !whole && { output: redactedValue(step.output) }),
    ...(step.would !== undefined && { would: redactedValue(step.would) }),
    ...(step.if && { if: redactedResult(step.if) }),
    ...(step.error && { error: { ...step.error, message: shown(step.error.message, messageMax) } }),
  }
}

function redactedResult({ ok, why, parts }: ConditionResult): ConditionResult {
  return { ok, why: shown(why, textMax), ...(parts && { parts: parts.map(redactedResult) }) }
}

/** A value as traces show it. */
export function redactedValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return shown(value, textMax)
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

const shown = (text: string, max: number): string => cutText(maskMobiles(text), max)

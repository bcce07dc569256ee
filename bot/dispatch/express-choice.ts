import type { Welcome } from '../../models/welcome.ts'
import type { CompiledHandler, CompiledStep } from '../handlers/compile.ts'
import { holds, pathsOf } from '../handlers/conditions.ts'
import type { Facts } from '../handlers/facts.ts'
import type { Condition } from '../handlers/schema.ts'
import type { Chosen } from './candidates.ts'

/** A welcome that can be sent before its handler runs, or without it. */
interface FoundWelcome {
  handler: CompiledHandler
  step: CompiledStep
}

/** A welcome that nobody sends: whose it was, and why not. */
export interface LeftWelcome {
  reason: Extract<Welcome['reason'], 'skipped' | 'dry_run'>
  handler: string
  revision: number
}

export function isWelcome({ action }: CompiledStep): boolean {
  return action === 'welcome.send'
}

/** Whether a handler has a welcome, or may keep later ones from sending theirs. */
export function decidesWelcome(handler: CompiledHandler): boolean {
  return handler.after === 'stop' || handler.steps.some(step => isWelcome(step) || mayStopAll(step))
}

/**
 * The welcome of an add that need not wait for the add's turn: the one of the first handler, where nothing but the
 * attempt itself decides about it. One with an `if`, one that refers to earlier steps, and one that a `stop` stands before
 * take their turn.
 */
export function welcomeAhead([first]: readonly Chosen[]): FoundWelcome | undefined {
  if (first === undefined) return undefined
  const { handler } = first
  const { step, before } = stepsTo(handler)
  if (step === undefined || before.some(isStop)) return undefined
  return step.if === undefined && !step.with.names.includes('steps') ? { handler, step } : undefined
}

/**
 * Of an add's handlers, in order, those of which `welcomeAhead` may find one to be the first that matches: behind one that
 * matches whatever is known of the customer no other counts, and nothing need be asked for its sake.
 */
export function mayBeFirst(handlers: readonly CompiledHandler[], facts: Facts): CompiledHandler[] {
  const found: CompiledHandler[] = []
  for (const handler of handlers) {
    const { when } = handler
    const asksForCustomer =
      when !== undefined && pathsOf(when).some(path => /^(customer|follow)\./.test(path))
    if (!asksForCustomer && when !== undefined && !holds(when, facts)) continue
    found.push(handler)
    if (!asksForCustomer) break
  }
  return found
}

/**
 * The welcome of an add for a code that came with a later event, for which the handlers do not run: what their turn would
 * decide is decided here. What depends on the outcome of a step counts against the welcome.
 */
export function welcomeAlone(
  chosen: readonly Chosen[],
  facts: Facts,
): FoundWelcome | LeftWelcome | undefined {
  let left: LeftWelcome | undefined
  for (const { handler } of chosen) {
    const { step, before } = stepsTo(handler)
    const stop = before.find(one => isStop(one) && judge(one.if, facts) !== false)
    if (step !== undefined) {
      if (stop === undefined && judge(step.if, facts) === true) return { handler, step }
      left ??= { reason: 'skipped', handler: handler.key, revision: handler.revision }
    }
    if (handler.after === 'stop' || (stop !== undefined && mayStopAll(stop))) break
  }
  return left
}

/** The conditions by which `welcomeAlone` decides, besides the handler's own. */
export function conditionsBefore(handler: CompiledHandler): (Condition | undefined)[] {
  const { step, before } = stepsTo(handler)
  return [step?.if, ...before.filter(isStop).map(one => one.if)]
}

/** The welcome of a handler, and the steps that come before it: all of them where there is none. */
function stepsTo({ steps }: CompiledHandler): { step: CompiledStep | undefined; before: CompiledStep[] } {
  const at = steps.findIndex(isWelcome)
  return at < 0 ? { step: undefined, before: steps } : { step: steps[at], before: steps.slice(0, at) }
}

function isStop({ action }: CompiledStep): boolean {
  return action === 'stop'
}

/** Whether a step may keep later handlers from the event. */
export function mayStopAll(step: CompiledStep): boolean {
  const all = isStop(step) ? step.with.parts?.all : undefined
  return all !== undefined && (all.references.length > 0 || all.fill({}) !== false)
}

/** Whether a step's condition holds; `unknown` where only a run can tell. */
function judge(condition: Condition | undefined, facts: Facts): boolean | 'unknown' {
  if (condition === undefined) return true
  if (pathsOf(condition).some(path => /^(steps|run)\./.test(path))) return 'unknown'
  return holds(condition, facts)
}

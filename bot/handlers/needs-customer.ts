import type { ActionTable } from '../actions/define.ts'
import type { CompiledHandler, CompiledStep } from './compile.ts'
import { compares, leavesOf, pathsOf } from './conditions.ts'
import type { Condition } from './schema.ts'

/**
 * Whether a handler is of no use where it is about no customer: its `when` reads something of one, or a step that can run
 * without one does. One that asks by `exists` whether there is a customer at all is made for both.
 */
export function needsCustomer(
  { when, steps }: Pick<CompiledHandler, 'when' | 'steps'>,
  actions: ActionTable,
): boolean {
  const conditions = [when, ...steps.map(step => step.if)].flatMap(one => one ?? [])
  if (conditions.some(asksForOne)) return false
  if (when !== undefined && readsOne(when)) return true
  const left = steps.filter(step => step.if === undefined || !failsWithoutOne(step.if))
  return left.length === 0 || left.some(step => isAboutOne(step, actions))
}

const isOfCustomer = (path: string): boolean => /^(?:customer|follow)(?:\.|$)/.test(path)
const readsOne = (condition: Condition): boolean => pathsOf(condition).some(isOfCustomer)

function isAboutOne(step: CompiledStep, actions: ActionTable): boolean {
  const wants = actions.get(step.action)?.needs?.includes('customer') === true
  if (wants && step.with.parts?.customer === undefined) return true
  return step.with.names.some(isOfCustomer) || (step.if !== undefined && readsOne(step.if))
}

/** What there is of each customer; anything else may be missing of one that there is. */
const ofEachCustomer: ReadonlySet<string> = new Set([
  'customer',
  'customer.externalUserid',
  'customer.name',
  'follow',
])

function asksForOne(condition: Condition): boolean {
  return leavesOf(condition, '').some(({ leaf }) => leaf.is === 'exists' && ofEachCustomer.has(leaf.path))
}

/** Whether a condition cannot hold where nothing is known of a customer. */
function failsWithoutOne(condition: Condition): boolean {
  if ('all' in condition) return condition.all.some(failsWithoutOne)
  if ('any' in condition) return condition.any.every(failsWithoutOne)
  return 'path' in condition && isOfCustomer(condition.path) && !compares(condition, undefined)
}

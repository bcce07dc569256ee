import type { z } from 'zod'
import type { Action, ActionTable } from '../actions/define.ts'
import { checkCondition } from './check-conditions.ts'
import type { CompiledStep, Report } from './compile.ts'
import { bringsCustomer, type KnownFacts, meaningOf, titleOf } from './known-facts.ts'
import { suggest } from './nearest.ts'
import { problemsOf } from './problems.ts'
import { compileValue, type Filled, isTemplate } from './references.ts'
import type { HandlerDocument, HandlerStep } from './schema.ts'

/** Compiles the steps and reports what is wrong with them. */
export function compileSteps(
  { trigger, steps }: HandlerDocument,
  actions: ActionTable,
  report: Report,
): CompiledStep[] {
  const ran = new Map<string, z.ZodType | undefined>()
  const ids = new Set(steps.map(step => step.id))
  let welcome: string | undefined
  return steps.map((step, index): CompiledStep => {
    const at = `steps.${index}`
    const known: KnownFacts = { trigger, steps: new Map(ran), later: ids }
    if (ran.has(step.id)) report(`${at}.id`, `"${step.id}" is used twice`)
    if (step.if !== undefined) checkCondition(step.if, `${at}.if`, known, report)
    const action = actions.get(step.action)
    if (action === undefined)
      report(`${at}.action`, `"${step.action}" is not an action${suggest(step.action, [...actions.keys()])}`)
    else checkNeeds(action, step, at, trigger, report)
    if (step.action === 'welcome.send') {
      if (welcome !== undefined)
        report(`${at}.action`, `sends a second welcome, and a code is good for one, which ${welcome} sends`)
      welcome ??= `steps.${step.id}`
    }
    const filled = compileWith(step, action, at, known, report)
    ran.set(step.id, action?.output)
    return { ...step, with: filled }
  })
}

function compileWith(
  step: HandlerStep,
  action: Action | undefined,
  at: string,
  known: KnownFacts,
  report: Report,
): Filled {
  const place = (inner: string): string => [at, 'with', inner].filter(one => one !== '').join('.')
  const filled = compileValue(step.with, fault =>
    report(place(fault.at), `is no template that can be filled: ${fault.message}`),
  )
  for (const { at: inner, path } of filled.references) {
    const meaning = meaningOf(path, known)
    if ('problem' in meaning) report(place(inner), `names ${meaning.problem}`)
  }
  if (action === undefined) return filled
  const checked = action.params.safeParse(step.with)
  const issues = checked.success ? [] : checked.error.issues
  // A value that is filled in later is checked when it is there.
  for (const problem of problemsOf(issues, action.params, step.with, [at, 'with'], isLater))
    report(problem.path, problem.message)
  return filled
}

function isLater(value: unknown): boolean {
  return typeof value === 'string' && isTemplate(value)
}

/** What an action needs that the trigger does not bring. */
function checkNeeds(
  { needs = [] }: Action,
  step: HandlerStep,
  at: string,
  trigger: HandlerDocument['trigger'],
  report: Report,
): void {
  const where = `${at}.action`
  const { action } = step
  if (needs.includes('code') && !('event' in trigger && trigger.event === 'customer.added')) {
    const why = 'which customer.added alone has; those of confirmations and archive consents are used for it'
    report(where, `"${action}" needs a welcome code, ${why}`)
  } else if (needs.includes('staff') && 'schedule' in trigger) {
    report(where, `"${action}" needs a staff member, and a schedule is about nobody`)
  } else if (
    needs.includes('customer') &&
    !bringsCustomer(trigger) &&
    !Object.hasOwn(step.with, 'customer')
  ) {
    const instead = 'command' in trigger ? '; write customer: "{{ args.… }}" in its with' : ''
    report(where, `"${action}" needs a customer, and ${titleOf(trigger)} is about none${instead}`)
  }
  const { to } = step.with
  if (!('schedule' in trigger) || !Array.isArray(to)) return
  for (const [index, one] of to.entries()) {
    if (one === 'staff' || one === 'lead')
      report(`${at}.with.to.${index}`, `is ${one}, and a schedule is about nobody; write userids or admin`)
  }
}

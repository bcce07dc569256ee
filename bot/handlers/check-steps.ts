import type { z } from 'zod'
import type { Action, ActionTable } from '../actions/define.ts'
import { checkCondition } from './check-conditions.ts'
import type { Report } from './compile.ts'
import { bringsCustomer, type KnownFacts, mayName, meaningOf, titleOf } from './known-facts.ts'
import { suggest } from './nearest.ts'
import { problemsOf } from './problems.ts'
import { compileValue, type Filled, isTemplate, isWrittenOut, textsOf } from './references.ts'
import type { HandlerDocument, HandlerStep } from './schema.ts'
import { type Partly, type Sound, unsound } from './sound.ts'
import { strayBraces } from './stray-braces.ts'
import { wordInstead } from './template-faults.ts'

/** What steps may refer to, of those that follow each other; `unsound` where one has no id that is known. */
export function idsOf(steps: Sound<HandlerDocument['steps']>): ReadonlySet<string | typeof unsound> {
  return new Set(steps === unsound ? [unsound] : steps.map(step => (step === unsound ? unsound : step.id)))
}

/**
 * Reports what is wrong with the steps.
 *
 * @returns what is filled in for each; nothing for one of which too little is known
 */
export function compileSteps(
  { trigger, steps }: Pick<Partly<HandlerDocument>, 'trigger' | 'steps'>,
  actions: ActionTable,
  report: Report,
): (Filled | undefined)[] {
  if (steps === unsound) return []
  const ran = new Map<string, z.ZodType | undefined>()
  const ids = idsOf(steps)
  let welcome: string | undefined
  return steps.map((step, index) => {
    if (step === unsound) return undefined
    const at = `steps.${index}`
    const known: KnownFacts = { trigger, steps: new Map(ran), later: ids }
    const { id } = step
    if (id !== unsound && ran.has(id)) report(`${at}.id`, `"${id}" is used twice`)
    if (step.if !== undefined) checkCondition(step.if, `${at}.if`, known, report)
    const action = step.action === unsound ? undefined : actions.get(step.action)
    if (id !== unsound) ran.set(id, action?.output)
    if (action === undefined) {
      // What stands in its `with` is meant for an action that nobody knows yet.
      if (step.action !== unsound)
        report(
          `${at}.action`,
          `"${step.action}" is not an action${meantBy(step.action) ?? suggest(step.action, [...actions.keys()])}`,
        )
      return undefined
    }
    checkNeeds(action, step.with, at, trigger, report)
    if (action.id === 'welcome.send') {
      if (welcome !== undefined)
        report(
          `${at}.action`,
          `sends a second welcome: ${welcome} sends the welcome already, and there is one for each add`,
        )
      welcome ??= id === unsound ? at : `steps.${id}`
    }
    return step.with === unsound ? undefined : compileWith(step.with, action, at, known, report)
  })
}

function compileWith(
  given: HandlerStep['with'],
  action: Action,
  at: string,
  known: KnownFacts,
  report: Report,
): Filled {
  const place = (inner: string): string => [at, 'with', inner].filter(one => one !== '').join('.')
  const unfilled = new Set<string>()
  const filled = compileValue(given, fault => {
    unfilled.add(fault.at)
    report(place(fault.at), `is no template that can be filled: ${fault.message}`)
  })
  for (const { at: inner, path, text } of filled.references) {
    const meaning = meaningOf(path, known)
    if ('problem' in meaning)
      report(place(inner), wordInstead(path.join('.'), text) ?? `names ${meaning.problem}`)
    else if (meaning.fact.type === 'object' && isWrittenOut(path, text))
      report(place(inner), `writes out ${path.join('.')}, which has parts and is no text: name one of them`)
  }
  for (const { at: inner, text } of textsOf(given))
    if (!unfilled.has(inner)) for (const problem of strayBraces(text, known)) report(place(inner), problem)
  const checked = action.params.safeParse(given)
  const issues = checked.success ? [] : checked.error.issues
  // A value that is filled in later is checked when it is there.
  for (const problem of problemsOf(issues, action.params, given, [at, 'with'], isLater))
    report(problem.path, problem.message)
  return filled
}

function isLater(value: unknown): boolean {
  return typeof value === 'string' && isTemplate(value)
}

/** What is done otherwise than by a step of that name. */
function meantBy(action: string): string | undefined {
  return /^(wait|delay|sleep|later)\b/i.test(action)
    ? '; a step does not wait: write handler.schedule, which starts another handler later'
    : undefined
}

/** The words of recipients that say nobody where no staff member is what it is about. */
const aboutSomebody: ReadonlySet<string> = new Set(['staff', 'lead'])

/** What an action needs that the trigger does not bring. */
function checkNeeds(
  { id, needs = [], names }: Action,
  given: Sound<HandlerStep['with']>,
  at: string,
  trigger: Sound<HandlerDocument['trigger']>,
  report: Report,
): void {
  if (trigger === unsound) return
  const where = `${at}.action`
  if (needs.includes('code') && !mayBringCode(trigger)) {
    const why = 'which customer.added alone has; those of confirmations and archive consents are used for it'
    report(where, `"${id}" needs a welcome code, ${why}`)
  } else if (needs.includes('staff') && !mayName(trigger, 'staff')) {
    report(where, `"${id}" needs a staff member, and ${titleOf(trigger)} is about nobody`)
  } else if (
    needs.includes('customer') &&
    !bringsCustomer(trigger) &&
    given !== unsound &&
    !Object.hasOwn(given, 'customer')
  ) {
    const instead = 'command' in trigger ? '; write customer: "{{ args.… }}" in its with' : ''
    report(where, `"${id}" needs a customer, and ${titleOf(trigger)} is about none${instead}`)
  }
  if (mayName(trigger, 'staff') || given === unsound) return
  for (const { name, path, words = [] } of names?.(given) ?? []) {
    if (words.includes(name) && aboutSomebody.has(name))
      report(
        `${at}.with.${path}`,
        `is ${name}, and ${titleOf(trigger)} is about nobody; write userids, leads or admin`,
      )
  }
}

function mayBringCode(trigger: Partly<HandlerDocument['trigger']>): boolean {
  return 'event' in trigger && (trigger.event === 'customer.added' || trigger.event === unsound)
}

import { present } from '../../models/difference.ts'
import { customerFields, followFields } from '../../models/from-wecom.ts'
import type { Passed } from '../../models/inbox-event.ts'
import { useridKey } from '../../models/userid.ts'
import type { Action } from '../actions/define.ts'
import type { CustomerAnswer } from '../actions/read-customer.ts'
import { type BotEvent, isEvent } from '../events/parse.ts'
import type { CompiledHandler, CompiledStep } from '../handlers/compile.ts'
import { pathsOf } from '../handlers/conditions.ts'
import type { Facts } from '../handlers/facts.ts'
import { fillParams } from '../handlers/fill-params.ts'
import { isInScope } from '../handlers/scope.ts'
import { within } from '../within.ts'
import { choose, contextOf } from './candidates.ts'
import type { DispatchDeps } from './deps.ts'
import { askEarly } from './early-answers.ts'
import { customerFacts, type Held, loadHeld, loadStaffFacts, type Surroundings } from './load-facts.ts'
import { announce, beginByConsent } from './relation.ts'

/** How long the one look-up before a welcome may take; after that the text does without the name. */
const patienceMs = 1_000

/** What the welcome is the answer to, whichever event brings the code. */
const name = 'customer.added'

/** What became of an event's welcome outside the queue. */
export interface EarlyWelcome {
  /** The ledger has what became of the code. */
  settled: boolean
  /** Handlers for the add that were passed over. */
  passed: Passed[]
}

/**
 * Sends an event's welcome at once, outside the queue, because its code lives 20 s: the welcome of the first handler
 * that matches the add and has one. The handler's run finds it done in the ledger when its turn comes. A code that
 * comes with a confirmation or an archive consent is used for the same handler, if none has been. While the corp is
 * paused nothing is sent, and nothing of a dry run.
 *
 * @throws what the welcome fails with; ActionRefused `welcome_expired` or `welcome_refused` is in the ledger
 */
export async function welcomeAtOnce(deps: DispatchDeps, event: BotEvent): Promise<EarlyWelcome> {
  const announced = isEvent(event, name) ? await announce(deps.models, event) : undefined
  if (announced === undefined) await beginByConsent(deps.models, event)
  else if (announced.over) return { settled: false, passed: [] }
  const [around, set] = [await loadStaffFacts(deps, event, name), await deps.live.of(event.corpId)]
  const deciding = set.triggeredBy(event, name).filter(one => !one.run.dryRun && decides(one))
  const inScope = deciding.filter(one => isInScope(one, around))
  const { untold, ...known } = await factsFor(deps, event, around, inScope)
  const facts = { ...around.facts, ...known }
  const { chosen, passed } = choose({ ...set, triggeredBy: () => deciding }, event, name, {
    ...around,
    facts,
  })
  const handler = chosen[0]?.handler
  const step = handler?.steps.find(isWelcome)
  const action = deps.actions.get('welcome.send')
  if (handler === undefined || step === undefined || action === undefined) return { settled: false, passed }
  if (set.paused !== undefined) {
    const { key, revision } = handler
    return { settled: false, passed: [...passed, { handler: key, revision, stage: 'paused', why: '' }] }
  }
  // A welcome that depends on earlier steps takes its turn with them.
  if (event.name === name && (step.if !== undefined || step.with.names.includes('steps')))
    return { settled: false, passed }
  await action.run(
    {
      ...contextOf(deps, event, around, set, announced?.relation),
      event,
      facts,
      handler: handler.key,
      revision: handler.revision,
      signal: new AbortController().signal,
      key: `${event.id}/${handler.key}/${step.id}`,
      expireAt: new Date(Date.now() + deps.retentionMs),
    },
    paramsOf(action, step, facts, untold),
  )
  return { settled: true, passed }
}

function isWelcome(step: CompiledStep): boolean {
  return step.action === 'welcome.send'
}

/** One that stops the others before any welcome stops the welcome too. */
function decides(handler: CompiledHandler): boolean {
  return handler.steps.some(isWelcome) || handler.after === 'stop'
}

/** What is said of a customer of whom the platform has not told in time is what the step has for that case. */
function paramsOf(
  action: Action,
  { with: filled }: CompiledStep,
  facts: Facts,
  untold: ReadonlySet<string>,
): unknown {
  const params = fillParams(action, filled, facts)
  const { text, fallback } = filled.parts ?? {}
  const lacks = fallback !== undefined && text?.names.some(one => untold.has(one))
  return lacks ? { ...(params as object), text: '' } : params
}

/**
 * The facts of the customer that these handlers ask for in their conditions or their welcome, and no others.
 *
 * @returns with those that nobody could tell
 */
async function factsFor(
  deps: DispatchDeps,
  event: BotEvent,
  around: Surroundings,
  handlers: readonly CompiledHandler[],
): Promise<Partial<Pick<Facts, Told>> & { untold: ReadonlySet<string> }> {
  const named = new Set(handlers.flatMap(namesOf))
  const wanted = (['customer', 'follow'] as const).filter(one => named.has(one))
  if (wanted.length === 0) return { untold: new Set() }
  const lacking = (held: Held): Told[] => wanted.filter(one => !isTold[one](held))
  const held = await loadHeld(deps, event, wanted)
  const told = lacking(held).length > 0 ? await completed(deps, event, around, held) : held
  return { ...(await customerFacts(deps, event, told)), untold: new Set(lacking(told)) }
}

type Told = 'customer' | 'follow'

/** Whether the platform has told. How a relation began is what it alone can tell of a new one. */
const isTold: Readonly<Record<Told, (held: Held) => boolean>> = {
  customer: ({ customer }) => customer?.readAt !== undefined,
  follow: ({ follow }) => follow?.addWay !== undefined,
}

function namesOf({ when, steps }: CompiledHandler): string[] {
  const paths = when === undefined ? [] : pathsOf(when).map(path => path.split('.')[0] ?? '')
  return [...paths, ...steps.filter(isWelcome).flatMap(step => step.with.names)]
}

/** What is held with what the platform says; a slow or failing look-up must not cost the welcome. */
async function completed(
  deps: DispatchDeps,
  event: BotEvent,
  { client }: Surroundings,
  held: Held,
): Promise<Held> {
  const asked = askEarly(deps, client, event).catch(error => {
    deps.log.warn({ err: error, event: event.id }, 'the customer could not be read before the welcome')
    return undefined
  })
  return withAnswer(held, event, await within(asked, patienceMs))
}

function withAnswer(held: Held, { userid = '' }: BotEvent, answer: CustomerAnswer | undefined): Held {
  if (answer?.shown === undefined) return held
  const { external_contact: wire, follow_user: follows = [] } = answer.shown
  const own = follows.find(follow => useridKey(follow.userid) === useridKey(userid))
  return {
    customer: {
      name: '',
      type: 0,
      ...held.customer,
      ...present(customerFields(wire)),
      readAt: answer.askedAt,
    },
    follow:
      own === undefined
        ? held.follow
        : { remark: '', tags: [], stage: '待跟进', ...held.follow, ...present(followFields(wire, own)) },
  }
}

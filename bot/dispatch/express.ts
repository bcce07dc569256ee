import { present } from '../../models/difference.ts'
import { customerFields, followFields } from '../../models/from-wecom.ts'
import { within } from '../../models/in-time.ts'
import type { Passed } from '../../models/inbox-event.ts'
import { useridKey } from '../../models/userid.ts'
import type { Action } from '../actions/define.ts'
import type { CustomerAnswer } from '../actions/read-customer.ts'
import { type BotEvent, isEvent } from '../events/parse.ts'
import type { CompiledHandler, CompiledStep } from '../handlers/compile.ts'
import { pathsOf } from '../handlers/conditions.ts'
import type { Facts } from '../handlers/facts.ts'
import { fillParams } from '../handlers/fill-params.ts'
import type { HandlerSet } from '../handlers/handler-set.ts'
import { isInScope } from '../handlers/scope.ts'
import { type Choice, choose, contextOf } from './candidates.ts'
import type { DispatchDeps } from './deps.ts'
import { askEarly } from './early-answers.ts'
import {
  conditionsBefore,
  decidesWelcome,
  isWelcome,
  type LeftWelcome,
  mayBeFirst,
  welcomeAhead,
  welcomeAlone,
} from './express-choice.ts'
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
  /** The handler whose welcome it would have been, and why it was not sent; only of an event that is no add itself. */
  left?: LeftWelcome
}

/**
 * Sends an event's welcome at once, outside the queue, because its code lives 20 s: the welcome of the first handler
 * that matches the add and has one. The handler's run finds it done in the ledger when its turn comes. A code that
 * comes with a confirmation or an archive consent is used for the same handler, if none has been. While the corp is
 * paused nothing is sent, and nothing of a dry run. What only an add's turn can decide is left to it, see `welcomeAhead`.
 *
 * @throws what the welcome fails with; ActionRefused `welcome_expired` or `welcome_refused` is in the ledger
 */
export async function welcomeAtOnce(deps: DispatchDeps, event: BotEvent): Promise<EarlyWelcome> {
  const announced = isEvent(event, name) ? await announce(deps.models, event) : undefined
  if (announced === undefined) await beginByConsent(deps.models, event)
  else if (announced.over) return { settled: false, passed: [] }
  const hasTurn = announced?.name === name
  const [around, set] = [await loadStaffFacts(deps, event, name), await deps.live.of(event.corpId)]
  const [deciding, rehearsing] = decidersOf(set, event)
  const inScope = [...deciding, ...(hasTurn ? [] : rehearsing)].filter(one => isInScope(one, around))
  const handlers = hasTurn ? mayBeFirst(inScope, around.facts) : inScope
  const { untold, ...known } = await factsFor(deps, event, around, { handlers, hasTurn })
  const facts = { ...around.facts, ...known }
  const chosenOf = (handlers: CompiledHandler[]): Choice =>
    choose({ ...set, triggeredBy: () => handlers }, event, name, { ...around, facts })
  const { chosen, passed } = chosenOf(hasTurn ? handlers : deciding)
  const found = hasTurn ? welcomeAhead(chosen) : welcomeAlone(chosen, facts)
  if (found === undefined || 'reason' in found) {
    const left = found ?? (hasTurn ? undefined : rehearsed(chosenOf(rehearsing), facts))
    return { settled: false, passed, ...(left && { left }) }
  }
  const { handler, step } = found
  if (set.paused !== undefined) {
    const { key, revision } = handler
    return { settled: false, passed: [...passed, { handler: key, revision, stage: 'paused', why: '' }] }
  }
  const action = deps.actions.get('welcome.send') as Action
  await action.run(
    {
      ...contextOf(deps, event, around, set, announced?.relation),
      event,
      facts,
      handler: handler.key,
      revision: handler.revision,
      filledIn: [],
      signal: new AbortController().signal,
      isAhead: true,
      key: `${event.id}/${handler.key}/${step.id}`,
      expireAt: new Date(Date.now() + deps.retentionMs),
    },
    paramsOf(action, step, facts, untold),
  )
  return { settled: true, passed }
}

/** Those that have a word in what becomes of the welcome: the ones that are done, and dry runs. */
function decidersOf(set: HandlerSet, event: BotEvent): [CompiledHandler[], CompiledHandler[]] {
  const deciding = set.triggeredBy(event, name).filter(decidesWelcome)
  return [deciding.filter(one => !one.run.dryRun), deciding.filter(one => one.run.dryRun)]
}

/** The dry run that would have welcomed. */
function rehearsed({ chosen }: Choice, facts: Facts): LeftWelcome | undefined {
  const found = welcomeAlone(chosen, facts)
  if (found === undefined || 'reason' in found) return undefined
  return { reason: 'dry_run', handler: found.handler.key, revision: found.handler.revision }
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
  { handlers, hasTurn }: { handlers: readonly CompiledHandler[]; hasTurn: boolean },
): Promise<Partial<Pick<Facts, Told>> & { untold: ReadonlySet<string> }> {
  const named = new Set(handlers.flatMap(one => namesOf(one, hasTurn)))
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

function namesOf(handler: CompiledHandler, hasTurn: boolean): string[] {
  // Conditions of steps are asked here only where no turn comes that would ask them.
  const conditions = [handler.when, ...(hasTurn ? [] : conditionsBefore(handler))]
  const paths = conditions.flatMap(one => (one === undefined ? [] : pathsOf(one)))
  const named = paths.map(path => path.split('.')[0] ?? '')
  return [...named, ...handler.steps.filter(isWelcome).flatMap(step => step.with.names)]
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

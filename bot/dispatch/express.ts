import { type BotEvent, isEvent } from '../events/parse.ts'
import { type CompiledStep, isInScope } from '../handlers/compile.ts'
import { within } from '../within.ts'
import type { DispatchDeps } from './deps.ts'
import { loadSurroundings } from './load-facts.ts'
import { readOf } from './record-customer.ts'
import { announce, beginByConsent } from './relation.ts'
import { contextOf, matching } from './run-event.ts'

/** How long the one look-up before a welcome may take; after that the text does without the name. */
const patienceMs = 1_000

/**
 * Sends an event's welcome at once, outside the queue, because its code lives 20 s: the welcome of the first handler
 * that matches the add and has one. The handler's run finds it done in the ledger when its turn comes. A code that
 * comes with a confirmation or an archive consent is used for the same handler, if none has been.
 */
export async function welcomeAtOnce(deps: DispatchDeps, event: BotEvent): Promise<void> {
  if (!isEvent(event, 'customer.added')) await beginByConsent(deps.models, event)
  else if ((await announce(deps.models, event)).over) return
  await readInTime(deps, event)
  const around = await loadSurroundings(deps, event, 'customer.added')
  const { handlers } = await deps.live.of(event.corpId)
  const inScope = handlers.filter(handler => isInScope(handler, around.facts.staff, around.departments))
  const isWelcome = (step: CompiledStep): boolean => step.action === 'welcome.send'
  // One that stops the others before any welcome stops the welcome too.
  const handler = matching(inScope, event, 'customer.added', around.facts).find(
    one => one.steps.some(isWelcome) || one.after === 'stop',
  )
  const step = handler?.steps.find(isWelcome)
  const action = deps.actions.get('welcome.send')
  if (handler === undefined || step === undefined || action === undefined) return
  // A welcome that depends on earlier steps takes its turn with them.
  if (event.name === 'customer.added' && (step.if !== undefined || step.with.names.includes('steps'))) return
  await action.run(
    {
      ...contextOf(deps, event, around, inScope),
      event,
      facts: around.facts,
      handler: handler.key,
      key: `${event.id}/${handler.key}/${step.id}`,
      expireAt: new Date(Date.now() + deps.retentionMs),
    },
    step.with.fill(around.facts),
  )
}

/** The customer's name makes the welcome personal; a slow or failing look-up must not cost it. */
async function readInTime(deps: DispatchDeps, event: BotEvent): Promise<void> {
  const read = readOf(deps, event).then(
    () => undefined,
    error =>
      deps.log.warn({ err: error, event: event.id }, 'the customer could not be read before the welcome'),
  )
  await within(read, patienceMs)
}

import type { Run } from '../../models/run.ts'
import { missingArgument, unknownCommand } from '../commands/help.ts'
import { parseArguments } from '../commands/parse.ts'
import { createCommandIndex, routeCommand } from '../commands/route.ts'
import { type BotEvent, isEvent } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { conditionsHold, contextOf, handlersInScope, matching, mayUse } from './candidates.ts'
import type { DispatchDeps } from './deps.ts'
import { welcomeAtOnce } from './express.ts'
import { loadSurroundings, type Surroundings } from './load-facts.ts'
import { recordEvent, recordPast } from './record-customer.ts'
import { announce } from './relation.ts'
import { resumeWaiting } from './resume.ts'
import { abandonRun, isFinal, type RunOutcome, type RunRequest, runHandler } from './run-handler.ts'

/** How an event's handling ended: everything done, to be tried again, or given up. */
export type EventOutcome = 'done' | 'again' | 'dead'

/** Tells the rest of the house, then runs the handlers that the event starts, in their order. */
export async function runEvent(deps: DispatchDeps, event: BotEvent): Promise<EventOutcome> {
  const announced = isEvent(event, 'customer.added') ? await announce(deps.models, event) : undefined
  const name = announced?.name ?? event.name
  const runs = await deps.models.runs.find({ corpId: event.corpId, event: event.id }, { _id: 0 }).lean()
  if (announced?.over === true) {
    await recordPast(deps, event, announced.name)
    for (const run of runs) await abandonRun(deps, run)
    return 'done'
  }
  await recordEvent(deps, event, name)
  await requestSyncs(deps, event)
  const around = await loadSurroundings(deps, event, name)
  const inScope = await handlersInScope(deps, event, around)
  const context = contextOf(deps, event, around, inScope, announced?.relation)
  const runOf = (handler: CompiledHandler): Run | undefined => runs.find(run => run.handler === handler.key)
  const request = { event, name, context }
  const line = lineOf(event)
  if (line !== undefined) {
    const answered = await answerLine(deps, { request, around, inScope, line, runOf })
    if (answered !== undefined) return answered
  }
  const outcomes: RunOutcome[] = []
  if (name === 'customer.confirmed' || name === 'customer.archive_agreed') {
    // The code that comes with these belongs to the add's welcome, not to a handler of theirs.
    if ('welcomeCode' in event.data) await welcomeOrPass(deps, event)
    outcomes.push(...(await resumeWaiting(deps, event, context)))
  }
  // What was begun is finished, also where its conditions no longer hold.
  const matched = new Set(matching(inScope, event, name, around.facts))
  for (const handler of inScope.filter(one => matched.has(one) || runOf(one) !== undefined)) {
    const outcome = await runHandler(deps, { ...request, handler, facts: around.facts, run: runOf(handler) })
    outcomes.push(outcome)
    if (handler.after === 'stop' && (outcome === 'done' || outcome === 'waiting' || outcome === 'again'))
      break
  }
  return worst(outcomes)
}

/** The ledger has it when a code is of no use any more; the rest of the event does not depend on it. */
async function welcomeOrPass(deps: DispatchDeps, event: BotEvent): Promise<void> {
  try {
    await welcomeAtOnce(deps, event)
  } catch (error) {
    if (!isFinal(error)) throw error
    deps.log.info({ event: event.id, code: (error as { code?: unknown }).code }, 'the welcome was refused')
  }
}

/** Runs the command that a line means, or says what is wrong with it; undefined where message rules want the line. */
async function answerLine(
  deps: DispatchDeps,
  on: {
    request: Pick<RunRequest, 'event' | 'name' | 'context'>
    around: Surroundings
    inScope: readonly CompiledHandler[]
    line: string
    runOf(handler: CompiledHandler): Run | undefined
  },
): Promise<EventOutcome | undefined> {
  const { request, around, inScope, line } = on
  const rules = matching(inScope, request.event, request.name, around.facts)
  const usable = createCommandIndex(inScope.filter(mayUse(around)).filter(conditionsHold(around.facts)))
  const routed = routeCommand(usable, line, rules.length === 0)
  if (routed === undefined) {
    if (rules.length > 0) return undefined
    await request.context.reply(unknownCommand(usable.handlers, line))
    return 'done'
  }
  const { handler, rest } = routed
  const parsed = parseArguments(handler.trigger.args, rest)
  if ('missing' in parsed) {
    await request.context.reply(missingArgument(handler.trigger, parsed.missing))
    return 'done'
  }
  const facts = { ...around.facts, args: parsed.values }
  return worst([await runHandler(deps, { ...request, handler, facts, run: on.runOf(handler) })])
}

function worst(outcomes: readonly RunOutcome[]): EventOutcome {
  if (outcomes.includes('again')) return 'again'
  return outcomes.includes('dead') ? 'dead' : 'done'
}

/** What counts as a line typed to the app: a message's text, or the key of a menu entry. */
function lineOf(event: BotEvent): string | undefined {
  if (isEvent(event, 'message.text')) return printable(event.data.text)
  return isEvent(event, 'menu.clicked') ? printable(event.data.key) : undefined
}

/** Nobody types control characters on purpose, and a NUL is good in no query. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, character => (/\s/.test(character) ? character : ' '))
}

/** The platform tells that something changed, not what. */
async function requestSyncs(deps: DispatchDeps, event: BotEvent): Promise<void> {
  if (event.name.startsWith('tag.')) await deps.requestSync(event.corpId, 'tags')
  if (
    event.name === 'app.subscribed' ||
    event.name === 'app.unsubscribed' ||
    event.name.startsWith('directory.')
  ) {
    await deps.requestSync(event.corpId, 'staff')
  }
}

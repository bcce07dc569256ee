import type { Run } from '../../models/run.ts'
import { updateCard } from '../actions/update-card.ts'
import { misusedCommand, pausedRules, unknownCommand, unsetMenu } from '../commands/help.ts'
import { parseArguments } from '../commands/parse.ts'
import { type CommandHandler, createCommandIndex, routeCommand } from '../commands/route.ts'
import { type BotEvent, isEvent } from '../events/parse.ts'
import { evaluate } from '../handlers/conditions.ts'
import type { HandlerSet } from '../handlers/handler-set.ts'
import { isInScope } from '../handlers/scope.ts'
import { begunHandler } from './begun-handler.ts'
import { conditionsHold, mayUse } from './candidates.ts'
import type { DispatchDeps } from './deps.ts'
import type { Surroundings } from './load-facts.ts'
import { passedOver } from './passed-over.ts'
import { type Ran, type RunsRequest, runUnlessHeld, tellHeld } from './run-in-order.ts'
import { isFinal } from './step-errors.ts'

interface Line {
  request: RunsRequest
  around: Surroundings
  set: HandlerSet
  /** What earlier attempts have come to. */
  runs: readonly Run[]
  line: string
  /** Other handlers want it too, and will run, so that it need not be a command. */
  wanted: boolean
  /** Others would want it, were not all of them paused. */
  heldUp: boolean
}

/** What a line came to. */
export interface Answered extends Ran {
  /** It begins with the word of a command: nobody else is asked. */
  exact: boolean
}

const nothingRan: Ran = { outcomes: [], runs: [], passed: [] }

/** Runs the command that a line means, or says what is wrong with it; undefined where message rules want the line. */
export async function answerLine(deps: DispatchDeps, on: Line): Promise<Answered | undefined> {
  const { request, around, set, line, wanted } = on
  const begun = await begunCommand(deps, on)
  if (begun !== undefined) return begun
  const [may, hold] = [mayUse(around), conditionsHold(around.facts)]
  const isUsable = (one: CommandHandler): boolean => isInScope(one, around) && may(one) && hold(one)
  const named = routeCommand(set.commands, line, false, isUsable)
  if (named === undefined && wanted) return undefined
  const [routed, exact] = [named ?? routeCommand(set.commands, line, true, isUsable), named !== undefined]
  if (routed === undefined) {
    await request.context.reply(await unroutedAnswer(on, set.commands.handlers.filter(isUsable)))
    return { ...nothingRan, exact }
  }
  const { handler, rest } = routed
  const parsed = parseArguments(handler.trigger.args, rest)
  if (!('values' in parsed)) {
    await request.context.reply(misusedCommand(handler.trigger, parsed))
    return { ...nothingRan, exact }
  }
  return { ...(await runCommand(deps, on, handler, parsed.values)), exact }
}

/** What to say to a line that is no command, and that nothing else takes. */
async function unroutedAnswer(
  { request, line, heldUp }: Line,
  commands: readonly CommandHandler[],
): Promise<string> {
  if (heldUp) return pausedRules
  return isEvent(request.event, 'menu.clicked') ? unsetMenu : unknownCommand(commands, line)
}

/** Goes on with the command that an earlier attempt began, as it was then, whatever the line means by now. */
async function begunCommand(deps: DispatchDeps, on: Line): Promise<Answered | undefined> {
  for (const run of on.runs) {
    const now = on.set.byKey.get(run.handler)
    if (run.trigger !== 'command' || now === undefined) continue
    const handler = await begunHandler(deps, now, run)
    const index = createCommandIndex([handler])
    const routed = routeCommand(index, on.line, true)
    if (routed === undefined) continue
    const parsed = parseArguments(routed.handler.trigger.args, routed.rest)
    const exact = routeCommand(index, on.line, false) !== undefined
    if ('values' in parsed) return { ...(await runCommand(deps, on, routed.handler, parsed.values)), exact }
  }
  return undefined
}

async function runCommand(
  deps: DispatchDeps,
  { request, around }: Line,
  handler: CommandHandler,
  args: Record<string, unknown>,
): Promise<Ran> {
  const given = { ...request, facts: { ...request.facts, args } }
  const when = handler.when && evaluate(handler.when, around.facts)
  const result = await runUnlessHeld(deps, given, { handler, ...(when && { when }) })
  if ('hold' in result) {
    const { stage, why } = result.hold
    // A dry run answers nobody.
    if (!handler.run.dryRun) await tellHeld(deps, request, result, handler.trigger.command)
    return { ...nothingRan, passed: [passedOver(handler, stage, why)] }
  }
  // What was refused can be pressed again.
  const heard = result.outcome === 'done' || result.outcome === 'waiting'
  if (heard && !result.run.dryRun) await markCard(deps, request.event, around)
  return { outcomes: [result.outcome], runs: [result.run], passed: [] }
}

/** Shows on the card whose button was pressed that it was done. Another attempt at the event tries only this again. */
async function markCard(deps: DispatchDeps, event: BotEvent, { voice }: Surroundings): Promise<void> {
  if (!isEvent(event, 'card.clicked')) return
  try {
    await updateCard(voice, event)
  } catch (error) {
    // The command was run, whatever its card looks like.
    if (!isFinal(error)) throw error
    deps.log.info({ event: event.id, code: (error as { code?: unknown }).code }, 'a card was not updated')
  }
}

/** What counts as a line typed to the app: a message's text, the key of a menu entry, or of a card's button. */
export function lineOf(event: BotEvent): string | undefined {
  if (isEvent(event, 'message.text')) return printable(event.data.text)
  const isClick = isEvent(event, 'menu.clicked') || isEvent(event, 'card.clicked')
  return isClick ? printable(event.data.key) : undefined
}

/** Nobody types control characters on purpose, and a NUL is good in no query. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, character => (/\s/.test(character) ? character : ' '))
}

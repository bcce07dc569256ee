import type { Run } from '../../models/run.ts'
import { createCommandIndex, isCommand, routeCommand } from '../commands/route.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler, CompiledStep } from '../handlers/compile.ts'
import { type HandlerSet, inOrder, toComeBefore } from '../handlers/handler-set.ts'
import { isInScope } from '../handlers/scope.ts'
import { lineOf } from './answer-line.ts'
import { type Chosen, choose, conditionsHold, mayUse } from './candidates.ts'
import type { DispatchDeps } from './deps.ts'
import { dryRun } from './dry-run.ts'
import { isWelcome, mayStopAll } from './express-choice.ts'
import type { Surroundings } from './load-facts.ts'
import { namedSteps } from './named-steps.ts'
import type { RunContext } from './run-handler.ts'
import { stopOf } from './stop-of.ts'

/** What keeps an event from a handler that would start on it, were it alone. */
export interface KeptFrom {
  /** Key of the handler that takes the event for itself. */
  by: string
  /** A sentence without its full stop, with what to write instead. */
  why: string
  /** Missing where only real calls can tell whether it does. */
  sure?: true
}

interface Around {
  event: BotEvent
  around: Surroundings
  /** With which handlers it shares the event; whether it is among them itself does not matter. */
  set: HandlerSet
  context: RunContext
}

/**
 * Whether another handler keeps an event from one that it fits: a command takes its whole line, and an earlier handler may
 * stop the event, for which that one is rehearsed. Cooldowns of the handler itself are not looked at.
 */
export async function keptFrom(
  deps: DispatchDeps,
  handler: CompiledHandler,
  on: Around,
): Promise<KeptFrom | undefined> {
  const before = rivals(handler, on)
  const line = lineOf(on.event)
  const taken = line === undefined ? undefined : takenLine(handler, on, line, before)
  return taken ?? (isCommand(handler) ? undefined : stopped(deps, handler, on, before))
}

/** The others that the event starts by itself, in their order. */
function rivals({ key }: CompiledHandler, { event, around, set }: Around): Chosen[] {
  return choose(set, event, event.name, around).chosen.filter(one => one.handler.key !== key)
}

/** Whether the line is a command of another handler, or wanted by a rule, as `answerLine` decides it. */
function takenLine(
  handler: CompiledHandler,
  { around, set }: Around,
  line: string,
  rules: readonly Chosen[],
): KeptFrom | undefined {
  const [may, hold] = [mayUse(around), conditionsHold(around.facts)]
  const others = set.handlers.filter(({ key }) => key !== handler.key)
  const usable = others.filter(one => isInScope(one, around) && may(one) && hold(one))
  const commands = createCommandIndex([...usable, handler].sort(inOrder))
  const named = routeCommand(commands, line, false)
  if (named === undefined && !isCommand(handler)) return undefined
  const rule = rules.find(one => !one.handler.run.dryRun)?.handler.key
  if (named === undefined && rule !== undefined && set.paused === undefined)
    return {
      by: rule,
      why: `the message rule ${rule} wants the line, and a word that sticks to what follows is a command only where none does; write a space behind the word`,
      sure: true,
    }
  const routed = named ?? routeCommand(commands, line, true)
  if (routed === undefined || routed.handler.key === handler.key) return undefined
  const { key: by, trigger, priority } = routed.handler
  const command = `the line is the command ${trigger.command} of ${by}`
  const why = isCommand(handler)
    ? `${command}, which comes first; use another word, or ${toComeBefore(priority)}`
    : `${command}, and no rule sees a line that begins with the word of a command`
  return { by, why, sure: true }
}

/** The first that stops the event before the handler, or else the first that may. */
async function stopped(
  deps: DispatchDeps,
  handler: CompiledHandler,
  { event, around, context }: Around,
  others: readonly Chosen[],
): Promise<KeptFrom | undefined> {
  let perhaps: KeptFrom | undefined
  for (const one of others) {
    const { key: by, priority, after, run, steps } = one.handler
    if (inOrder(one.handler, handler) > 0) break
    if (run.dryRun || (after !== 'stop' && !steps.some(mayStopAll))) continue
    const rehearsed = await dryRun(deps, { event, name: event.name, ...one, facts: around.facts, context })
    const open = openQuestion(one.handler, rehearsed)
    if (open !== undefined)
      perhaps ??= { by, why: `${by} (priority ${priority}) may stop the event before it: ${open}` }
    else if (after === 'stop' || stopOf(rehearsed.steps) === 'event') {
      const why = `${by} (priority ${priority}) stops the event before it; ${toComeBefore(priority)}`
      return { by, why, sure: true }
    }
  }
  return perhaps
}

/** Why a rehearsal does not tell whether a handler stops the event; undefined where it does. */
function openQuestion({ after, run, steps }: CompiledHandler, rehearsed: Run): string | undefined {
  // A welcome is sent in spite of it, and the run counts.
  if (run.cooldown !== undefined && !steps.some(isWelcome)) return `its cooldown of ${run.cooldown} decides`
  if (rehearsed.state === 'failed') {
    // Others before it went on.
    const failed = rehearsed.steps.findLast(({ state }) => state === 'failed')
    return `its step ${failed?.id} fails here, and may not then`
  }
  if (after === 'stop') return undefined
  const hanging = hangingStops(steps)[0]
  return hanging && `its step ${hanging.id} goes by what the steps before it really come to`
}

/** The `stop` steps that go, be it by way of others, by a step that a dry run leaves out. */
function hangingStops(steps: readonly CompiledStep[]): CompiledStep[] {
  const open = new Set<string>()
  for (const step of steps) {
    const goesByOpen = namedSteps(step).some(([id]) => id === undefined || open.has(id))
    if (!step.reads || goesByOpen) open.add(step.id)
  }
  return steps.filter(({ id, action }) => action === 'stop' && open.has(id))
}

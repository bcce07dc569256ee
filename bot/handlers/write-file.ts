import { Document, isPair, isScalar, isSeq, Scalar, visit, type YAMLMap } from 'yaml'
import { isJoined } from './joined-words.ts'
import { isOddlyIndented } from './yaml-spaces.ts'

/** A handler as it is exported. */
export interface Export {
  document: Record<string, unknown>
  /** 0 for a draft. */
  revision: number
  enabled: boolean
}

/** Fields in the order in which people read them; what is not named here comes after them, as it came. */
const order = {
  document: [
    'schemaVersion',
    'key',
    'title',
    'enabled',
    'revision',
    'scope',
    'trigger',
    'when',
    'priority',
    'after',
    'run',
    'steps',
  ],
  trigger: [
    'event',
    'match',
    'command',
    'aliases',
    'args',
    'roles',
    'summary',
    'example',
    'message',
    'schedule',
  ],
  scope: ['departments', 'staff', 'roles', 'apps', 'except'],
  run: ['timeoutMs', 'dryRun', 'cooldown'],
  step: ['id', 'action', 'if', 'with', 'onError', 'retry'],
  argument: ['name', 'title', 'type', 'min', 'max', 'decimals', 'required'],
  condition: ['all', 'any', 'not', 'path', 'is', 'value'],
} as const

/** What is shorter stands on one line. */
const lineMax = 80

/**
 * Writes handlers as YAML, one document after the other. Read again they say the same, and written again they are the
 * same text.
 *
 * @param first a comment for editors, which begins the file
 */
export function writeHandlers(handlers: readonly Export[], first?: string): string {
  const texts = handlers.map(writeHandler)
  return `${first === undefined ? '' : `${first}\n`}${texts.join('---\n')}`
}

function writeHandler({ document, revision, enabled }: Export): string {
  const { enabled: _enabled, revision: _revision, ...content } = document
  const whole = { ...content, ...(!enabled && { enabled }), ...(revision > 0 && { revision }) }
  const node = new Document(inOrder(whole))
  visit(node, {
    Scalar(key, scalar, around) {
      const of = around.at(-2)
      const list = isPair(of) && isScalar(of.key) ? of.key.value : undefined
      if (needsQuotes(scalar, key === 'key') || isJoined(list, scalar.value))
        scalar.type = Scalar.QUOTE_DOUBLE
    },
    Map(_key, map) {
      if (map !== node.contents) flowWhereShort(map)
    },
    Seq(_key, list) {
      list.flow = list.items.every(isShortScalar) && widthOf(list.items) <= lineMax
    },
  })
  // Over several lines the library escapes a line of white space wrongly, and it comes back as another text.
  const oneLine = { doubleQuotedMinMultiLineLength: Number.POSITIVE_INFINITY }
  return node.toString({ lineWidth: 0, blockQuote: 'literal', ...oneLine })
}

function inOrder(document: Record<string, unknown>): Record<string, unknown> {
  const sorted = sortFields(document, order.document)
  for (const part of ['trigger', 'scope', 'run'] as const)
    if (isFields(sorted[part])) sorted[part] = sortFields(sorted[part], order[part])
  const { trigger } = sorted
  if (isFields(trigger) && Array.isArray(trigger.args))
    trigger.args = trigger.args.map((one: unknown) => (isFields(one) ? sortFields(one, order.argument) : one))
  if ('when' in sorted) sorted.when = sortCondition(sorted.when)
  if (Array.isArray(sorted.steps)) sorted.steps = sorted.steps.map(sortStep)
  return sorted
}

function sortStep(step: unknown): unknown {
  if (!isFields(step)) return step
  const sorted = sortFields(step, order.step)
  return 'if' in sorted ? { ...sorted, if: sortCondition(sorted.if) } : sorted
}

function sortCondition(condition: unknown): unknown {
  if (Array.isArray(condition)) return condition.map(sortCondition)
  if (!isFields(condition)) return condition
  const sorted = sortFields(condition, order.condition)
  for (const part of ['all', 'any', 'not']) if (part in sorted) sorted[part] = sortCondition(sorted[part])
  return sorted
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sortFields(fields: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const place = (name: string): number => (names.includes(name) ? names.indexOf(name) : names.length)
  return Object.fromEntries(Object.entries(fields).sort(([one], [other]) => place(one) - place(other)))
}

/** Characters that a plain or a block text would lose: line ends that are no `\n`, and what cannot be seen. */
const unseen = /[^\P{C}\n]|[\u0085\u2028\u2029\uFEFF]/u
/** In a block text it means something else where nothing but white space is left, and editors take it away. */
const beforeLineEnd = /[ \t]\n/
/** As a name without quotes it has what it holds merged into its surroundings. */
const merge = '<<'

function needsQuotes({ value }: Scalar, isName: boolean): boolean {
  if (typeof value !== 'string') return false
  return (
    unseen.test(value) ||
    beforeLineEnd.test(value) ||
    (isName && (value === merge || value.includes('：') || isOddlyIndented(value)))
  )
}

/** Comparisons, matchers and the like, which people write on one line. */
function flowWhereShort(map: YAMLMap): void {
  const parts = map.items.flatMap(pair => [pair.key, pair.value])
  const isLeaf = parts.every(part => isShortScalar(part) || (isSeq(part) && part.items.every(isShortScalar)))
  const width = widthOf(parts.flatMap(part => (isSeq(part) ? part.items : [part])))
  map.flow = map.items.length > 0 && !map.has('action') && isLeaf && width <= lineMax
}

function isShortScalar(node: unknown): boolean {
  return isScalar(node) && !(typeof node.value === 'string' && /[\n{}]|\p{C}/u.test(node.value))
}

function widthOf(nodes: readonly unknown[]): number {
  return nodes.reduce<number>((sum, node) => sum + String(isScalar(node) ? node.value : '').length + 2, 0)
}

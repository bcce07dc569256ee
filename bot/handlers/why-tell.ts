import { minute } from '../actions/moments.ts'
import { cutBytes } from '../wecom/xml.ts'
import type { TagVerdict, WelcomeVerdict, Why, WhyAdd } from './why.ts'
import { type Finding, findingCodes } from './why-codes.ts'
import { byName } from './why-names.ts'
import type { Said, Speaker } from './why-said.ts'

/** The words of a finding; its data is that of its code. */
function wordsOf({ code }: Finding): Said<unknown> {
  return findingCodes[code] as unknown as Said<unknown>
}

const welcomeEn = {
  sent: 'welcomed',
  not_sent: 'no welcome',
  pending: 'welcome pending',
  uncertain: 'welcome uncertain',
  unknown: 'welcome unknown',
} as const satisfies Record<WelcomeVerdict, string>
const tagsEn = {
  marked: 'tagged',
  not_marked: 'no tags',
  pending: 'tags pending',
  uncertain: 'tags uncertain',
  unknown: 'tags unknown',
  none: '',
} as const satisfies Record<TagVerdict, string>

/** A moment as the operator's tables show it, in UTC. */
const utc = (at: Date): string => at.toISOString().replace('T', ' ').slice(0, 19)

const itself = (id: string): string => id
const english: Speaker = { time: utc, handler: itself, staff: itself, department: itself }

/** What a finding says to the operator. */
export function inEnglish(found: Finding): { text: string; todo?: string } {
  const { en, todo } = wordsOf(found)
  const text = en(found.data, english)
  return todo === undefined || found.aside ? { text } : { text, todo: todo.en(found.data, english) }
}

/** How many findings a table has at most. */
const rowsMax = 15

/** The answer for the operator: a table for each add, headed by its verdict. */
export function tellOperator(why: Why): string {
  const { adds, externalUserid, name, older } = why
  if (adds.length === 0) return nobodyEn(why)
  const tables = adds.map(add => {
    const verdict = [welcomeEn[add.welcome], tagsEn[add.tags]].filter(Boolean).join(', ')
    const said = add.findings.map(found => ({ code: found.code as string, ...inEnglish(found) }))
    const left = said.length - rowsMax
    const more = left > 0 ? [{ code: '…', text: `${left} more, with --json` }] : []
    // For `inbox show`, which has all that is stored.
    const event = add.event === undefined ? [] : [{ code: 'event', text: add.event }]
    const todos = [...new Set(said.slice(0, rowsMax).flatMap(({ todo }) => todo ?? []))]
    const rows = [
      ...said.slice(0, rowsMax),
      ...more,
      ...todos.map(text => ({ code: 'to do', text })),
      ...event,
    ]
    const width = Math.max(...rows.map(({ code }) => code.length))
    const ended = add.endedAt === undefined ? '' : ` (ended ${utc(add.endedAt)})`
    const lines = rows.map(({ code, text }) => `  ${code.padEnd(width)}  ${text.replaceAll('\n', ' ')}`)
    return [`${utc(add.at)}  ${add.userid}${ended}: ${verdict}`, ...lines].join('\n')
  })
  const more = older > 0 ? [`${older} older adds are not shown; --since and --staff choose`] : []
  return [`${externalUserid}${name === '' ? '' : ` (${name})`}`, ...tables, ...more].join('\n\n')
}

function nobodyEn({ externalUserid, near, name }: Why): string {
  if (name !== '' || near.includes(externalUserid))
    return `${externalUserid} (${name}): no add that fits is known`
  const like = near.length === 0 ? '' : ` There is ${near.join(', ')}.`
  return `nothing is known of ${externalUserid}: no event, no relation, no sync has told of it, and no customer is called so.${like} External user ids are told apart by upper and lower case.`
}

const welcomeZh = {
  sent: '已发欢迎语',
  not_sent: '没有发欢迎语',
  pending: '欢迎语还在处理',
  uncertain: '不确定欢迎语是否送达',
  unknown: '查不到有没有发欢迎语',
} as const satisfies Record<WelcomeVerdict, string>
const tagsZh = {
  marked: '已打标签',
  not_marked: '没有打标签',
  pending: '标签还在处理',
  uncertain: '不确定标签是否打上',
  unknown: '',
  none: '',
} as const satisfies Record<TagVerdict, string>

/** What a text message holds at most, in bytes (`path/90241`). */
const bytesMax = 2_048
/** How many reasons are listed at most. */
const reasonsMax = 6

/** The answer for an admin in the chat: the newest add whole, the others a line each, within one message. */
export function tellAdmin(why: Why, now = new Date()): string {
  const { adds, older } = why
  const [newest, ...others] = adds
  if (newest === undefined) return nobodyZh(why)
  const speaker = chinese(why, now)
  // On a phone only what decided, and why it was this welcome; where nothing did, what is known best.
  const isWelcomed = newest.welcome === 'sent'
  const decided = newest.findings.filter(one => !one.aside || (isWelcomed && one.about !== 'tag'))
  const told = decided.length > 0 ? decided : newest.findings.slice(0, 1)
  const said = told.map(found => ({ ...wordsOf(found), ...found }))
  // Whom a handler is not for is the farthest of all reasons: of many beside a nearer one the number is enough. Beside a
  // welcome that was sent it may be what is asked for, so that it is counted only where there are too many.
  const unfit = told.filter(({ code }) => code === 'handler_match')
  const isFolded = unfit.length > 1 && unfit.length < told.length && (!isWelcomed || told.length > reasonsMax)
  const near = isFolded ? told.filter(one => !unfit.includes(one)) : told
  const reasons = together(near, speaker).map(text => `· ${text}`)
  if (isFolded) reasons.push(`· 其他 ${unfit.length} 个处理器不适用于这次添加`)
  const todos = [
    ...new Set(said.flatMap(({ todo, data, aside }) => (todo && !aside ? [todo.zh(data, speaker)] : []))),
  ]
  const advice = todos.slice(0, 2).map(todo => `建议：${todo}`)
  const before = others.map(add => `${speaker.time(add.at)} ${verdictZh(add)}`)
  if (older > 0) before.push(`还有 ${older} 次更早的添加`)
  for (let kept = Math.min(reasons.length, reasonsMax); ; kept -= 1) {
    const left = reasons.length - kept
    const text = [
      `${why.name || why.externalUserid} ${speaker.time(newest.at)} ${verdictZh(newest)}`,
      ...reasons.slice(0, kept),
      ...(left > 0 ? [`· 另有 ${left} 条`] : []),
      ...advice,
      ...(before.length > 0 ? ['', '更早：', ...before] : []),
    ].join('\n')
    if (Buffer.byteLength(text) <= bytesMax || kept <= 1) return cutTo(text, bytesMax)
  }
}

/** What is said of several handlers alike is said once, of all of them. */
function together(findings: readonly Finding[], speaker: Speaker): string[] {
  const said = new Map<string, string[]>()
  for (const found of findings) {
    const { handler } = found.data as { handler?: string }
    // Stands for the handler itself, not for another one that its reason names.
    const hidden = { ...speaker, handler: (key: string) => (key === handler ? '\0' : speaker.handler(key)) }
    const text = wordsOf(found).zh(found.data, hidden)
    const named = said.get(text) ?? []
    if (handler !== undefined && !named.includes(speaker.handler(handler)))
      named.push(speaker.handler(handler))
    said.set(text, named)
  }
  return [...said].map(([text, named]) => text.replaceAll('\0', named.join('')))
}

function verdictZh({ staffName, welcome, tags }: WhyAdd): string {
  return `加${staffName}：${[welcomeZh[welcome], tagsZh[tags]].filter(Boolean).join('，')}`
}

function nobodyZh({ externalUserid, near, name }: Why): string {
  if (name !== '') return `${name}：没有符合条件的添加记录。`
  const like = near.length === 0 ? '' : `\n是不是：${near.join('、')}`
  return `没有“${externalUserid}”这位客户的任何记录。客户 ID 区分大小写，请核对后再查。${like}`
}

function chinese({ timeZone, handlers, ...names }: Why, now: Date): Speaker {
  return {
    time: at => minute(at, timeZone, now),
    handler: key => `“${handlers[key] ?? key}”`,
    ...byName(names),
  }
}

/** Cuts at a line or a character, never inside one. */
function cutTo(text: string, max: number): string {
  if (Buffer.byteLength(text) <= max) return text
  const lines = text.split('\n')
  while (lines.length > 1 && Buffer.byteLength([...lines, '…'].join('\n')) > max) lines.pop()
  return cutBytes([...lines, '…'].join('\n'), max)
}

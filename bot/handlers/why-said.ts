import { cutText } from './mask.ts'
import { type Comparison, comparisons } from './operators.ts'

/** How one voice names things. */
export interface Speaker {
  time(at: Date): string
  /** A handler by its key. */
  handler(key: string): string
  staff(userid: string): string
  /** A department by its id. */
  department(id: string): string
}

type Say<D> = (data: D, speaker: Speaker) => string

/** What is said of a finding, to the operator in English and to an admin in Chinese, and what to do about it. */
export interface Said<D> {
  en: Say<D>
  zh: Say<D>
  todo?: { en: Say<D>; zh: Say<D> }
}

/** Keeps the type of a finding's data beside its words. */
export function say<D = Record<string, never>>(said: Said<D>): Said<D> {
  return said
}

/** What went wrong with a step or a call. */
export interface Trouble {
  code: string
  message: string
  /** What the platform's code asks for, in Chinese. */
  hint?: string
}

/** A number of the platform's, where it is explained, and what it said; what we know of it is Chinese. */
export const errcodeEn = (errcode: number | string, errmsg = ''): string =>
  `errcode ${errcode} (path/90313${errmsg === '' ? '' : `: ${errmsg.replace(/\s+/g, ' ')}`})`
export const troubleEn = ({ code, message }: Trouble): string => {
  const errcode = /^wecom_(-?\d+)$/.exec(code)?.[1]
  if (errcode === undefined) return message.startsWith(`${code}: `) ? message : `${code} (${message})`
  return errcodeEn(errcode, /[\u4e00-\u9fff]/.test(message) ? '' : message)
}
export const troubleZh = ({ code, message, hint }: Trouble): string => {
  const errcode = /^wecom_(-?\d+)$/.exec(code)?.[1]
  if (errcode !== undefined) return `企业微信返回 ${errcode}${hint === undefined ? '' : `，${hint}`}`
  return spokenCodes[code] ?? message.replace(/^[a-z_]+: /, '')
}

/** Errors of our own that have no Chinese message. */
const spokenCodes: Readonly<Record<string, string>> = {
  timed_out: '超过了处理器设定的时限',
  relation_over: '处理时双方已不是好友',
  handler_off: '处理器被关闭或删除了',
  handler_broken: '处理器的文档有错，不能运行',
  handler_paused: '全部处理器被暂停了',
  handler_dry_run: '处理器被改成了试运行',
  event_given_up: '处理这个事件时一再出错，已放弃',
  event_gone: '事件记录已过保留期',
  cause_too_deep: '处理器之间互相触发太多层，已停下',
  attempts_exhausted: '多次处理都中途中断',
  awaits_confirmation: '成员还没有通过对方的添加申请',
  not_settled: '企业微信那边还查不到这段好友关系',
  database_unavailable: '数据库当时不可用',
  run_failed: '有处理器没有执行成功',
  wecom_network_error: '企业微信没有回应',
  wecom_closed: '服务当时正在停止',
}

/** `3 秒`, `2 分钟`, `1 小时 5 分钟`. */
export function lengthZh(ms: number): string {
  const seconds = Math.max(Math.round(ms / 1000), 0)
  if (seconds < 120) return `${seconds} 秒`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} 分钟`
  return `${Math.floor(minutes / 60)} 小时${minutes % 60 === 0 ? '' : ` ${minutes % 60} 分钟`}`
}

/** `3 s`, `2 min`, `1 h 5 min`. */
export function lengthEn(ms: number): string {
  const seconds = Math.max(Math.round(ms / 1000), 0)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`
}

/** What a comparison wanted, in Chinese; of a matcher's as well. */
const wantedZh: Readonly<Record<Comparison, (value: string) => string>> = {
  eq: value => `应为${value}`,
  ne: value => `不应为${value}`,
  in: value => `应是${value}之一`,
  contains: value => `应含有${value}`,
  prefix: value => `应以${value}开头`,
  gt: value => `应大于${value}`,
  gte: value => `应不小于${value}`,
  lt: value => `应小于${value}`,
  lte: value => `应不大于${value}`,
  exists: () => '应有值',
}
/** The same of a day or a time of day. */
const momentsZh: Partial<typeof wantedZh> = {
  gt: value => `应晚于${value}`,
  gte: value => `应不早于${value}`,
  lt: value => `应早于${value}`,
  lte: value => `应不晚于${value}`,
}
/** Facts that operations ask about most, as they call them. */
const factsZh: Readonly<Record<string, string>> = {
  state: '渠道标识',
  'event.state': '渠道标识',
  'follow.tags': '客户标签',
  'follow.stage': '客户阶段',
  'customer.name': '客户昵称',
  'follow.remark': '客户备注',
  'time.time': '时间',
  'time.hour': '钟点',
  'time.weekday': '星期',
  'time.date': '日期',
}
/** Facts that are so or not so, and what each is called. */
const flagsZh: Readonly<Record<string, readonly [yes: string, no: string]>> = {
  'time.inOffice': ['上班时间', '下班时间'],
  'time.weekend': ['周末', '周一到周五'],
}
const leaf = new RegExp(`([\\w.-]+) (${comparisons.join('|')})( .*?)? \\(was (.*?)\\)(?=$|[;,)])`, 'g')

/** The explanation of a condition or a match, such as `time.inOffice eq false (was true)`, in Chinese. */
export function conditionZh(why: string): string {
  return why
    .replace(leaf, (_whole, path: string, is: Comparison, value = '', was: string) => {
      const [yes, no] = flagsZh[path] ?? []
      if (yes !== undefined && no !== undefined && (is === 'eq' || is === 'ne')) {
        const wanted = (value.trim() === 'true') === (is === 'eq')
        return `只在${wanted ? yes : no}生效，当时是${was === 'true' ? yes : no}`
      }
      const actual = was === 'missing' || was === '""' ? '当时为空' : `当时是${quotedZh(was)}`
      const fact = factsZh[path]
      const wanted = (/^time\.(date|time)$/.test(path) && momentsZh[is]) || wantedZh[is]
      return `${fact ?? `${path} `}${wanted(quotedZh(value.trim()))}，${actual}`
    })
    .replaceAll('; ', '；')
}

/** A value as JSON: texts in Chinese quotes, a list without brackets. */
function quotedZh(json: string): string {
  const inner = json.startsWith('[') && json.endsWith(']') ? json.slice(1, -1) : json
  const texts = inner.replace(/"((?:[^"\\]|\\.)*)",?/g, '“$1”')
  return /^[\w.-]+$/.test(texts) ? ` ${texts}` : texts
}

const rolesZh: Readonly<Record<string, string>> = { admin: '管理员', lead: '部门负责人', staff: '普通成员' }

/** A list of a scope's reason, such as `3, 4 and 2 more`, by names. */
function namedZh(list: string, name: (id: string) => string): string {
  const [, ids = '', more] = /^(.*?)(?: and (\d+) more)?$/.exec(list) ?? []
  const named = ids.split(', ').map(name)
  return `${named.join('、')}${more === undefined ? '' : `等 ${named.length + Number(more)} 个`}`
}

/** The explanation of a scope, such as `roles lead (was staff)`, in Chinese. */
export function scopeZh(why: string, { staff, department }: Pick<Speaker, 'staff' | 'department'>): string {
  const role = (id: string): string => rolesZh[id] ?? id
  const excepted = (one: string): string => {
    const [, kind, id = ''] = /^(role|app):(.*)$/.exec(one) ?? []
    if (kind === 'role') return role(id)
    if (kind === 'app') return `应用 ${id}`
    return /^\d+$/.test(one) ? department(one) : staff(one)
  }
  const [, word, list = '', was = ''] = /^(except|apps|roles) (.*?)(?: \(was (.*)\))?$/.exec(why) ?? []
  if (word === 'except') return `排除了${namedZh(list, excepted)}`
  if (word === 'roles') return `只适用于${namedZh(list, role)}，实际是${namedZh(was, role)}`
  if (word === 'apps')
    return `只适用于应用 ${list}，${was === 'none' ? '这次不是从应用发来的' : `这次是应用 ${was}`}`
  const found = /^(?:departments (.+?))?(?: or )?(?:staff (.+?))? \(was (\S+) of .*\)$/.exec(why)
  if (found === null) return why
  const [, departments, people, who = ''] = found
  const wanted = [departments && namedZh(departments, department), people && namedZh(people, staff)]
  const outside = who === 'nobody' ? '这次不属于任何成员' : `${staff(who)}不在其中`
  return `只适用于${wanted.filter(Boolean).join('、')}，${outside}`
}

/** How much of a welcome is shown, in characters: so that it is known again. */
const shownMax = 80

/** The beginning of what was sent, in one line. */
export const shown = (text: string): string => cutText(text.replace(/\s+/g, ' ').trim(), shownMax)

/** By whom, where that is known: `by lina`. */
export const byEn = (by: string | undefined, speaker: Speaker): string =>
  by === undefined ? '' : ` by ${by === 'operator' ? 'the operator' : speaker.staff(by)}`
export const byZh = (by: string | undefined, speaker: Speaker): string =>
  by === undefined ? '' : `由${by === 'operator' ? '运维人员' : speaker.staff(by)}`

import type { FieldType } from '../events/fields.ts'

/** What a fact holds. An `object` is looked into by name; of `any` nothing is known before the run. */
export type FactType = FieldType | 'number' | 'object' | 'any'

export interface FactDefinition {
  type: FactType
  /** One line, for the reference and for editors. */
  means: string
  /** It may be `null`, where it is not known. Other texts are empty then. */
  missing?: true
  /** All that it may be. */
  oneOf?: readonly string[]
  /** What its texts look like: others compare to no use. */
  form?: { pattern: RegExp; example: string }
  /** The least and the most of its numbers, which are whole. */
  range?: readonly [number, number]
  /** What the entries of a list name: a tag without or with its group, or a department by its id. */
  entries?: EntryKind
}

/** A tag's name alone, `组/标签`, or the id of a department. */
export type EntryKind = 'tag_name' | 'grouped_tag' | 'department_id'

const text = (means: string) => ({ type: 'text', means }) as const
const number = (means: string) => ({ type: 'number', means }) as const
const within = (range: readonly [number, number], means: string) =>
  ({ type: 'number', means, range }) as const
const listOf = <E extends EntryKind>(entries: E, means: string) =>
  ({ type: 'list of text', means, entries }) as const
const flag = (means: string) => ({ type: 'boolean', means }) as const
const texts = (means: string) => ({ type: 'list of text', means }) as const
const oneOf = <V extends string>(values: readonly V[], means: string) =>
  ({ type: 'text', means, oneOf: values }) as const
const moment = (means: string) =>
  ({
    type: 'text',
    means: `${means}: \`2026-03-01 18:05\``,
    form: { pattern: /^\d{4}-\d\d-\d\d( \d\d:\d\d)?$/, example: '2026-03-01 18:05' },
  }) as const
const maybe = <F extends object>(fact: F) => ({ ...fact, missing: true }) as const

/**
 * The closed set of facts, by path. Everything comes from the event, from what the database holds, or from earlier steps
 * of the same run; nothing is looked up to decide. The fields of events are in bot/events/fields.ts; `args` and `steps`
 * depend on the document. Moments are texts in the corp's time zone, which compare as they stand.
 */
export const factTable = {
  'event.name': text('Which event it is; `customer.added` also where a confirmation came first'),
  'corp.corpId': text('Id of the corp'),
  'corp.name': text('Its name'),
  'corp.timeZone': text(
    'Its time zone, as `Asia/Shanghai`, in which all facts and the `date` filter tell times',
  ),
  'staff.userid': text(
    'Who wrote or clicked, or whose customer it is, in the letter case of the directory; empty where the event names nobody',
  ),
  'staff.name': text('Their name'),
  'staff.departments': listOf('department_id', 'Ids of their departments'),
  'staff.role': oneOf(['admin', 'lead', 'staff'], '`admin`, `lead` or `staff`'),
  'staff.position': text('Job title'),
  'customer.externalUserid': text('The customer'),
  'customer.name': text('The nickname that the customer chose; empty where it is not known yet'),
  'customer.type': within([0, 2], '1: uses WeChat, 2: uses WeCom of another company, 0: not known yet'),
  'customer.gender': within([0, 2], '1 male, 2 female, 0 unknown'),
  'customer.corpName': text('Company of a customer of type 2'),
  'customer.position': text('Job title of a customer of type 2'),
  'customer.tags': listOf(
    'tag_name',
    'Names of the corp tags that any staff member has given, without their groups',
  ),
  'follow.status': oneOf(
    ['active', 'removed', 'lost', ''],
    '`active`, `removed` (the staff member deleted the customer), `lost` (the customer did); empty where it is not known yet',
  ),
  'follow.remark': text('The staff member\u2019s remark'),
  'follow.description': text('The staff member\u2019s description'),
  'follow.tags': listOf('tag_name', 'Names of this pair\u2019s corp tags, without their groups: `VIP`'),
  'follow.groupedTags': listOf('grouped_tag', 'The same with their groups: `客户状态/VIP`'),
  'follow.personalTags': texts('Names of the staff member\u2019s own tags on the customer'),
  'follow.stage': oneOf(
    ['待跟进', '跟进中', '已成交', '无意向', '已流失'],
    'One of 待跟进, 跟进中, 已成交, 无意向, 已流失',
  ),
  'follow.state': text('Mark of the channel code that the customer came by; empty without one'),
  'follow.addWay': maybe(number('How the customer came, by WeCom\u2019s number (`path/92114` add_way)')),
  'follow.addWayName': text('The same in words: `扫描二维码`'),
  'follow.addedAt': moment('When the relation began'),
  'follow.days': maybe(number('Days since then by the calendar: 0 today, 1 yesterday')),
  'follow.lastFollowUpAt': moment('When the staff member last wrote a follow-up'),
  'follow.quietDays': maybe(number('Days since then by the calendar; missing where there was none')),
  'time.inOffice': flag('Within the corp\u2019s office hours'),
  'time.date': {
    type: 'text',
    means: '`2026-03-01`',
    form: { pattern: /^\d{4}-\d\d-\d\d$/, example: '2026-03-01' },
  },
  'time.time': {
    type: 'text',
    means: '`09:05`, which compares as it stands: gte `21:00`',
    form: { pattern: /^([01]\d|2[0-3]):[0-5]\d$/, example: '09:05' },
  },
  'time.hour': within([0, 23], '0 to 23'),
  'time.minute': within([0, 59], '0 to 59'),
  'time.weekday': within([1, 7], '1 Monday to 7 Sunday'),
  'time.weekend': flag('Saturday or Sunday'),
  'time.year': number('2026'),
  'time.month': within([1, 12], '1 to 12'),
  'time.day': within([1, 31], '1 to 31'),
  'run.handler': text('Key of this handler'),
  'run.revision': number('Its revision'),
  'run.by': oneOf(
    ['event', 'command', 'message', 'schedule', 'manual'],
    'What began the run: `event`, `command`, `message`, `schedule` or `manual`',
  ),
  'run.dryRun': flag('Nothing is done in this run'),
  'run.startedAt': text('When it began, UTC: `2026-03-01T10:05:00.000Z`'),
} as const satisfies Record<string, FactDefinition>

/** What the entries of a fact name, where they do. */
export function entriesOf(path: string): EntryKind | undefined {
  const fact: FactDefinition | undefined = Object.hasOwn(factTable, path)
    ? factTable[path as FactPath]
    : undefined
  return fact?.entries
}

type FactPath = keyof typeof factTable
type ValueOf<F extends FactDefinition> =
  | (F['type'] extends 'text'
      ? string
      : F['type'] extends 'number'
        ? number
        : F['type'] extends 'boolean'
          ? boolean
          : string[])
  | (F extends { missing: true } ? null : never)

/** The facts of the table below one name, such as `customer`. */
export type FactsOf<N extends string> = {
  [P in FactPath as P extends `${N}.${infer F}` ? F : never]: ValueOf<(typeof factTable)[P]>
}

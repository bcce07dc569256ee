import { useridKey } from '../../models/userid.ts'
import { type ActionContext, ActionRefused, type Named } from './define.ts'
import { shorten } from './texts.ts'

/** So many members one message goes to (`path/90236`). */
const membersMax = 1_000

/** Words that stand for members in lists of recipients, whom a run looks up: nobody may have such a userid. */
export const recipientWords = ['staff', 'lead', 'leads', 'admin'] as const
type RecipientWord = (typeof recipientWords)[number]

const isWord = (name: string): name is RecipientWord => (recipientWords as readonly string[]).includes(name)

/** What the platform takes as a userid. Several in one text, joined by `|`, are none, and neither is `@all`. */
const isUserid = (name: string): boolean => /^[\w.@-]{1,64}$/.test(name) && name.toLowerCase() !== '@all'

/**
 * The members that a list means: userids, `staff` (the staff member of the event), `lead` (the leaders of that member's
 * departments; the member itself where there are none), `leads` (the leaders of all departments) and `admin` (the
 * installation's admins, for their own corp). Nobody twice, whatever the case of the letters; may be empty.
 *
 * @throws ActionRefused for a name that is no single userid, as a template may bring it, and for too many members
 */
export async function resolveMembers(context: ActionContext, names: readonly string[]): Promise<string[]> {
  const found = new Map<string, string>()
  const add = (userid: string): void => {
    const key = useridKey(userid)
    if (userid !== '' && !found.has(key)) found.set(key, userid)
  }
  for (const name of names) {
    if (isWord(name)) for (const userid of await membersOf(context, name)) add(userid)
    else if (isUserid(name)) add(name)
    else
      throw new ActionRefused(
        'recipient_unfit',
        `“${shorten(name)}”不是成员账号，没有发出。账号只含字母、数字和“_-@.”，一次写一个。`,
      )
  }
  if (found.size > membersMax)
    throw new ActionRefused(
      'recipients_too_many',
      `收件人有 ${found.size} 位，一次最多发给 ${membersMax} 位，没有发出。`,
    )
  return [...found.values()]
}

async function membersOf(context: ActionContext, word: RecipientWord): Promise<readonly string[]> {
  const { userid, departments } = context.facts.staff
  if (word === 'admin') return context.admins
  if (word === 'staff') return [userid]
  const { corpId } = context.corp
  const whose = word === 'leads' ? {} : { departmentId: { $in: departments } }
  const led = await context.models.departments
    .find({ corpId, ...whose, removedAt: null }, { leaders: 1 })
    .lean()
  const leaders = led.flatMap(department => department.leaders)
  if (word === 'leads') return leaders
  const others = leaders.filter(one => useridKey(one) !== useridKey(userid))
  return others.length > 0 ? others : [userid]
}

/** The members that a document's list names, by userid or by a word. */
export function membersIn(value: unknown, path: string): Named[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((name, at): Named[] =>
    typeof name === 'string' && name !== '@all'
      ? [{ kind: 'staff', name, path: `${path}.${at}`, words: recipientWords }]
      : [],
  )
}

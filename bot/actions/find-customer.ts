import type { Follow } from '../../models/follow.ts'
import { useridKey } from '../../models/userid.ts'
import { byName, namesIn } from '../handlers/why-names.ts'
import { type ActionContext, ActionRefused } from './define.ts'
import { byAge, searchFollows, theOne } from './search-follows.ts'
import { fullName, texts } from './texts.ts'

/** How many are listed when a name fits several. */
const listMax = 6

/**
 * The one follow that a name means, among those that the asker may see. A name is a remark, a nickname, a part of
 * either, an external user id, or any of these with `#2` for the one that a list gave this number.
 *
 * @throws ActionRefused `customer_unknown` or `customer_ambiguous`, with an answer that says what to type next
 */
export async function findFollow(context: ActionContext, name: string): Promise<Follow> {
  const query = name.trim()
  if (query === '') throw new ActionRefused('customer_unnamed', texts.customerUnnamed)
  const { models, asker } = context
  const found = await searchFollows(models, asker, query)
  const [, named, ordinal] = /^(.+?)\s*[#＃](\d{1,2})$/s.exec(query) ?? []
  // A remark may hold `3栋#12` itself; only where nothing is called so is the end a place in a list.
  if (found.length === 0 && named !== undefined) {
    const several = await searchFollows(models, asker, named)
    const chosen = several.find(follow => numberOf(follow, several) === Number(ordinal))
    if (chosen === undefined)
      throw new ActionRefused('customer_unknown', texts.noSuchOrdinal(named, several.length))
    return chosen
  }
  const [first] = found
  if (first === undefined)
    throw new ActionRefused('customer_unknown', texts.customerUnknown(query, typedWith(context, query, '张')))
  const meant = theOne(found, query)
  if (meant !== undefined) return meant
  const example = typedWith(context, query, `${query}#${numberOf(first, found)}`)
  const listed = await listOf(context, found)
  throw new ActionRefused('customer_ambiguous', texts.customerAmbiguous(query, listed, found.length, example))
}

/**
 * A hit's number: how many of all hits came earlier, and one. The best hits are listed first, but whoever comes between
 * a list and its answer takes no number that somebody else was shown with.
 */
function numberOf(follow: Follow, found: readonly Follow[]): number {
  return 1 + found.filter(one => byAge(one, follow) < 0).length
}

/** The best hits, each by what tells it from the others: the names, the colleague who follows, that it was lost. */
async function listOf({ models, corp, asker }: ActionContext, found: readonly Follow[]): Promise<string[]> {
  const shown = found.slice(0, listMax)
  const isOwn = (follow: Follow): boolean => follow.useridKey === useridKey(asker.userid)
  const others = shown.filter(follow => !isOwn(follow)).map(one => one.userid)
  const { staff } = byName(await namesIn(models, corp.corpId, others))
  return shown.map(follow => {
    const marks = [isOwn(follow) ? '' : staff(follow.userid), follow.status === 'lost' ? '已流失' : '']
    return [`${numberOf(follow, found)}. ${fullName(follow)}`, ...marks.filter(Boolean)].join('　')
  })
}

/** The longest line that is repeated as an example, in characters. */
const exampleMax = 30

/** The line that was typed, with something else for the name in it; undefined where nothing was typed. */
function typedWith({ event }: ActionContext, name: string, instead: string): string | undefined {
  const { text, key } = event.data as { text?: unknown; key?: unknown }
  const line = String(text ?? key ?? '').trim()
  const at = line.indexOf(name, Math.max(line.search(/\s/), 0))
  if (line === '' || at < 0 || at === 0) return undefined
  const behind = line.slice(at + name.length)
  const whole = `${line.slice(0, at)}${instead}${behind}`
  return [...whole].length <= exampleMax
    ? whole
    : `${line.slice(0, at)}${instead}${behind === '' ? '' : ' …'}`
}

/**
 * The pair that a step works on: the one that a command names, else the one of the event.
 *
 * @throws ActionRefused when the event has no customer and none is named
 */
export async function pairOf(
  context: ActionContext,
  customer: string | undefined,
): Promise<{ userid: string; externalUserid: string; name: string }> {
  if (customer !== undefined) {
    const follow = await findFollow(context, customer)
    return {
      userid: follow.userid,
      externalUserid: follow.externalUserid,
      name: follow.remark || follow.customerName || texts.nameless,
    }
  }
  const { userid, externalUserid } = context.event
  if (userid === undefined || externalUserid === undefined) {
    throw new ActionRefused('no_customer', texts.customerUnnamed)
  }
  return {
    userid,
    externalUserid,
    name: (context.facts.customer.name as string | undefined) || texts.nameless,
  }
}

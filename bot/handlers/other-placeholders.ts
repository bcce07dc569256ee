import { type KnownFacts, meaningOf } from './known-facts.ts'
import { withoutFilled } from './stray-braces.ts'

/** What other tools call a fact, as far as it means nothing else. */
const words: Readonly<Record<string, readonly string[]>> = {
  'customer.name': ['客户昵称', '客户名称', '客户姓名', '客户名', '好友昵称', '微信昵称', '用户昵称'],
  'staff.name': [
    '员工姓名',
    '员工名称',
    '员工昵称',
    '员工名',
    '成员姓名',
    '成员名称',
    '客服姓名',
    '客服昵称',
  ],
}
const factOf: ReadonlyMap<string, string> = new Map(
  Object.entries(words).flatMap(([fact, names]) => names.map(name => [name, fact])),
)

/** `#客户昵称#`, `%客户昵称%`, `$客户昵称$` and `{客户昵称}`; `$customer.name$` alike. */
const marked = /([#%$])(\p{Script=Han}+|[a-zA-Z]\w*(?:\.\w+)+)\1|[{｛](\p{Script=Han}+)[}｝]/gu
/** `%NICKNAME%`: in other signs these words are topics and ways of naming files. */
const percent = /%(?:customer_?)?(?:nick_?)?name%/gi

/** Placeholders of other tools in a text, which whoever reads it would read as they stand. `{{ '#客户昵称#' }}` says it on purpose. */
export function otherPlaceholders(text: string, known: KnownFacts): string[] {
  const own = withoutFilled(text)
  const found = [...own.matchAll(marked)].map(([whole, , name, braced]) => {
    const written = name ?? braced ?? ''
    return { whole, fact: written.includes('.') ? written : factOf.get(written) }
  })
  for (const [whole] of own.matchAll(percent)) found.push({ whole, fact: 'customer.name' })
  return found.flatMap(({ whole, fact }) =>
    fact === undefined || 'problem' in meaningOf(fact.split('.'), known)
      ? []
      : `says ${whole} as it stands, which is a placeholder of other tools; write {{ ${fact} }}`,
  )
}

import type { Problem } from './compile.ts'
import { type KnownFacts, meaningOf } from './known-facts.ts'
import { textsOf } from './references.ts'
import type { HandlerDocument } from './schema.ts'
import { type Partly, unsound } from './sound.ts'
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

/**
 * Placeholders of other tools in the texts of steps, which whoever reads a text would read as they stand. Looked at where
 * a document is published, and not where it runs: one that is live goes on. `{{ '#客户昵称#' }}` says it on purpose.
 */
export function otherPlaceholders({
  trigger,
  steps,
}: Pick<Partly<HandlerDocument>, 'trigger' | 'steps'>): Problem[] {
  if (steps === unsound) return []
  const known: KnownFacts = { trigger, steps: new Map(), later: new Set() }
  return steps.flatMap((step, index) => {
    if (step === unsound || step.with === unsound) return []
    return textsOf(step.with, `steps.${index}.with`).flatMap(({ at, text }) =>
      placeholdersIn(text, known).map(message => ({ path: at, message })),
    )
  })
}

function placeholdersIn(text: string, known: KnownFacts): string[] {
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

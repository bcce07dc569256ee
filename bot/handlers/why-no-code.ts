import { type Finding, finding } from './why-codes.ts'
import type { NoCodeCause } from './why-codes-welcome.ts'
import type { Records } from './why-read.ts'
import type { Add } from './why-relations.ts'

/** WeCom users of other companies have ids that begin so (`path/92114`). */
const colleaguePrefix = 'wo'

/** Why an add brought no welcome code, as far as that can be told: the platform gives no reason. */
export function noCode(add: Add, { customer }: Records): Finding {
  // What was known when it was handled, which may be more than what is known now.
  const causes = add.codes.flatMap(one => one.causes ?? [])
  const externalUserid = add.follow?.externalUserid ?? customer?.externalUserid ?? ''
  const isColleague =
    causes.includes('other_company') ||
    (customer?.readAt === undefined ? externalUserid.startsWith(colleaguePrefix) : customer.type === 2)
  if (isColleague) {
    const { corpName } = customer ?? {}
    return finding('colleague', 'welcome', corpName ? { corpName } : {})
  }
  // No code came with any announcement of this add, so that none was used up by an earlier one.
  const excluded: NoCodeCause[] = ['colleague', 'half']
  const { relation, past = [] } = add.follow ?? {}
  const known = [relation, ...past].find(one => one !== undefined && one.first === add.first)
  const again = causes.includes('again') || known?.again === true
  const console: NoCodeCause[] = ['console']
  if (add.anotherHadCode !== undefined) excluded.push(...console.splice(0))
  const possible: NoCodeCause[] = again ? ['again', ...console] : [...console, 'chat']
  return finding('no_code', 'welcome', { possible, excluded })
}

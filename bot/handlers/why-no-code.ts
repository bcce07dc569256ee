import { type Finding, finding } from './why-codes.ts'
import type { NoCodeCause } from './why-codes-welcome.ts'
import type { Records } from './why-read.ts'
import type { Add } from './why-relations.ts'

/** WeCom users of other companies have ids that begin so (`path/92114`). */
const colleaguePrefix = 'wo'

/** Why an add brought no welcome code, as far as that can be told: the platform gives no reason. */
export function noCode(add: Add, { customer }: Records): Finding {
  const externalUserid = add.follow?.externalUserid ?? customer?.externalUserid ?? ''
  const isColleague =
    customer?.readAt === undefined ? externalUserid.startsWith(colleaguePrefix) : customer.type === 2
  if (isColleague) {
    const { corpName } = customer ?? {}
    return finding('colleague', 'welcome', corpName ? { corpName } : {})
  }
  // No code came with any announcement of this add, so that none was used up by an earlier one.
  const excluded: NoCodeCause[] = ['colleague', 'half']
  const possible: NoCodeCause[] = ['chat']
  if (add.anotherHadCode === undefined) possible.unshift('console')
  else excluded.push('console')
  return finding('no_code', 'welcome', { possible, excluded })
}

import type { HandlerStart } from '../../models/inbox-event.ts'
import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
import { UsageError } from './verb.ts'

/** What a start is about, as verbs take it. */
export const aboutArgs = {
  staff: { type: 'string', description: 'Userid of the staff member whom it is about' },
  customer: { type: 'string', description: 'External userid of the customer; needs --staff' },
  args: { type: 'string', description: 'What it gets as args, as name=value; further ones behind it' },
} as const
/** Stands behind the positional argument of the verb, which is no argument of the handler. */
export const moreArgs = {
  'name=value…': { type: 'positional', required: false, description: 'Further --args' },
} as const

export type StartAbout = Pick<HandlerStart, 'userid' | 'externalUserid' | 'args'>

/** @throws UsageError */
export function readAbout(given: {
  staff?: string | undefined
  customer?: string | undefined
  args?: string | undefined
  _: string[]
}): StartAbout {
  const { staff: userid, customer: externalUserid } = given
  const [, ...words] = given._
  const args = readArgs([...(given.args === undefined ? [] : [given.args]), ...words])
  if (externalUserid !== undefined && userid === undefined)
    throw new UsageError('--customer needs --staff: whose customer it is')
  return {
    ...(userid !== undefined && { userid }),
    ...(externalUserid !== undefined && { externalUserid }),
    ...(Object.keys(args).length > 0 && { args }),
  }
}

/** @throws UsageError */
function readArgs(words: readonly string[]): Record<string, string> {
  const pairs = words.map(word => /^([a-zA-Z]\w{0,39})=(.*)$/s.exec(word) ?? [word])
  const [bad] = pairs.find(pair => pair.length === 1) ?? []
  if (bad !== undefined)
    throw new UsageError(
      `"${bad}" is no argument of a handler; they are written name=value, such as about=price`,
    )
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]))
}

/**
 * A name that nobody has would be no mistake to the platform either, until the first step.
 *
 * @throws UsageError
 */
export async function checkPeople(models: Models, corpId: string, about: StartAbout): Promise<void> {
  const { userid, externalUserid } = about
  if (userid === undefined) return
  const who = { corpId, useridKey: useridKey(userid) }
  if ((await models.staff.exists(who)) === null) throw new UsageError(`there is no staff member ${userid}`)
  if (externalUserid === undefined) return
  if ((await models.follows.exists({ ...who, externalUserid })) === null)
    throw new UsageError(`${userid} has no customer ${externalUserid}`)
}

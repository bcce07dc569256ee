import { goneErrcodes } from '../../bot/actions/read-customer.ts'
import { endFollow } from '../../bot/actions/settle-follow.ts'
import { WecomError } from '../../bot/wecom/errors.ts'
import { isUnconfirmed } from '../../models/follow.ts'
import { useridKey } from '../../models/userid.ts'
import { writeTagUnions } from './customer-page.ts'
import { type SyncPass, skippableErrcode } from './pass.ts'

/**
 * Ends the follows of one staff member that the platform's whole list no longer holds. Each is asked for singly first
 * (`path/92114`): a list may lag behind. Adds that are not confirmed yet are never listed, and are left alone.
 *
 * @param listed external userids of the whole list.
 */
export async function endMissingFollows(
  pass: SyncPass,
  userid: string,
  listed: ReadonlySet<string>,
): Promise<void> {
  const { corpId, models, counts } = pass
  const follows = models.follows
    .find({ corpId, useridKey: useridKey(userid), status: 'active' })
    .select({ externalUserid: 1, addedAt: 1, relation: 1 })
    .lean()
    .cursor()
  const ended: string[] = []
  for await (const follow of follows) {
    if (listed.has(follow.externalUserid)) continue
    if (isUnconfirmed(follow) || (await stillFollows(pass, userid, follow.externalUserid))) continue
    if (!(await endFollow(pass, follow))) continue
    counts.removed += 1
    ended.push(follow.externalUserid)
  }
  if (ended.length > 0) await writeTagUnions(pass, ended)
}

/** True as long as there is no proof of the contrary. */
async function stillFollows(pass: SyncPass, userid: string, externalUserid: string): Promise<boolean> {
  let cursor = ''
  try {
    do {
      const { follow_user = [], next_cursor = '' } = await pass.call(
        'externalcontact/get',
        { external_userid: externalUserid, ...(cursor !== '' && { cursor }) },
        { priority: 'bulk' },
      )
      if (follow_user.some(follow => useridKey(follow.userid) === useridKey(userid))) return true
      if (next_cursor === cursor) return false
      cursor = next_cursor
    } while (cursor !== '')
    return false
  } catch (error) {
    if (error instanceof WecomError && goneErrcodes.has(error.errcode)) return false
    const errcode = skippableErrcode(error)
    if (errcode === undefined) throw error
    pass.skip(`${userid} × ${externalUserid}`, errcode)
    return true
  }
}

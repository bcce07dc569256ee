import { toUpdate } from '../../models/difference.ts'
import { memberFields } from '../../models/from-wecom.ts'
import type { Models } from '../../models/models.ts'
import type { Staff } from '../../models/staff.ts'
import { useridKey } from '../../models/userid.ts'
import type { AppClient } from '../wecom/client.ts'
import { WecomError, WecomNetworkError } from '../wecom/errors.ts'

/** How long anything waits for a member who has not been synced, in milliseconds. */
const patienceMs = 1_000

export type FindStaff = (
  models: Models,
  client: Pick<AppClient, 'call'>,
  corpId: string,
  userid: string,
) => Promise<Staff | null>

/**
 * The member as synced; one who joined since is read from the platform (`path/90196`) and kept.
 *
 * @returns null for somebody of whom nothing can be read: an ordinary member
 */
export const findStaff: FindStaff = (models, client, corpId, userid) =>
  knownOr(models, corpId, userid, () => readStaff(models, client, corpId, userid, patienceMs))

/** As `findStaff`, for whoever must not store anything. */
export const lookUpStaff: FindStaff = (models, client, corpId, userid) =>
  knownOr(models, corpId, userid, async () => {
    const { alias, directLeader, ...fields } = memberFields(await memberOf(client, userid, patienceMs))
    return {
      ...{ corpId, useridKey: useridKey(userid), contactsCustomers: false },
      ...fields,
      ...(alias !== undefined && { alias }),
      ...(directLeader !== undefined && { directLeader }),
    }
  })

async function knownOr(
  models: Models,
  corpId: string,
  userid: string,
  read: () => Promise<Staff | null>,
): Promise<Staff | null> {
  const known = await models.staff.findOne({ corpId, useridKey: useridKey(userid) }).lean()
  if (known !== null) return known
  try {
    return await read()
  } catch (error) {
    // Whoever cannot be read counts as an ordinary member; nothing must suffer for it.
    if (error instanceof WecomError || error instanceof WecomNetworkError) return null
    throw error
  }
}

/** Reads the member from the platform (`path/90196`) and keeps what it says; one who had gone is back. @throws as `call` */
export async function readStaff(
  models: Models,
  client: Pick<AppClient, 'call'>,
  corpId: string,
  userid: string,
  budgetMs: number,
): Promise<Staff | null> {
  const member = await memberOf(client, userid, budgetMs)
  const key = { corpId, useridKey: useridKey(userid) }
  await models.staff.updateOne(
    key,
    {
      ...toUpdate<Staff>({ ...memberFields(member), removedAt: undefined }),
      $setOnInsert: { contactsCustomers: false },
    },
    { upsert: true },
  )
  return models.staff.findOne(key).lean()
}

function memberOf(client: Pick<AppClient, 'call'>, userid: string, budgetMs: number) {
  return client.call('user/get', { userid }, { cause: 'staff', budgetMs })
}

import { z } from 'zod'
import { WecomError } from '../../bot/wecom/errors.ts'
import { useridKey } from '../../models/userid.ts'
import { writePage } from './customer-page.ts'
import { endMissingFollows } from './missing.ts'
import { type SyncPass, skippableErrcode } from './pass.ts'

/** The platform gave a page's cursor a second time: following it would never end. */
export class RepeatedCursorError extends Error {
  readonly code = 'cursor_repeated'
  constructor() {
    super('WeCom gave the same cursor of externalcontact/batch/get_by_user twice; the pass was stopped')
    this.name = 'RepeatedCursorError'
  }
}

const workSchema = z.object({
  userids: z.array(z.string()),
  /** Of the next page; empty at the beginning. */
  cursor: z.string(),
  /** How often this was begun anew because the platform had lost its cursor. */
  restarts: z.number(),
})
/** A group of staff whose customers are read together, page by page. */
type Work = z.infer<typeof workSchema>

const placeSchema = z.object({
  /** All staff up to this key, in order, are done or in `queue`. */
  after: z.string(),
  queue: z.array(workSchema),
})
/** Where a pass is. */
type Place = z.infer<typeof placeSchema>

/** At most 100 userids a call, and 100 rows a page (`path/92994`). */
const staffPerCall = 100
const rowsPerPage = 100
const maxRestarts = 3

/**
 * 客户 and 跟进关系: for all staff with the customer-contact feature (`path/92571`), in groups of 100, every customer of
 * theirs (`path/92994`), page by page. A page is written before its cursor is saved. A group that the platform refuses
 * because of one member is halved until that member is alone, who is then skipped. Follows that a member's whole list no
 * longer holds are asked for singly before they are ended (missing.ts).
 */
export async function syncCustomers(pass: SyncPass): Promise<void> {
  const staff = await readStaff(pass)
  const place: Place = pass.cursor === undefined ? { after: '', queue: [] } : placeSchema.parse(pass.cursor)
  for (;;) {
    const work = place.queue[0] ?? nextGroup(staff, place)
    if (work === undefined) return
    await readGroup(
      pass,
      work,
      place,
      begun => 1 - (remaining(staff, place) - begun) / Math.max(staff.length, 1),
    )
  }
}

/** Userids of the staff with customers, in the order of their keys. */
async function readStaff(pass: SyncPass): Promise<string[]> {
  const { follow_user = [] } = await pass.call('externalcontact/get_follow_user_list', {})
  return [...new Map(follow_user.map(userid => [useridKey(userid), userid]))]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, userid]) => userid)
}

function nextGroup(staff: readonly string[], place: Place): Work | undefined {
  const userids = staff.filter(userid => useridKey(userid) > place.after).slice(0, staffPerCall)
  const last = userids.at(-1)
  if (last === undefined) return undefined
  const work = { userids, cursor: '', restarts: 0 }
  place.after = useridKey(last)
  place.queue.push(work)
  return work
}

function remaining(staff: readonly string[], place: Place): number {
  const queued = place.queue.reduce((sum, work) => sum + work.userids.length, 0)
  return queued + staff.filter(userid => useridKey(userid) > place.after).length
}

/**
 * Reads one group to its end, or replaces it in the queue by what is to be tried instead.
 *
 * @param share how much of the pass is done when so many members of this group are.
 */
async function readGroup(
  pass: SyncPass,
  work: Work,
  place: Place,
  share: (members: number) => number,
): Promise<void> {
  /** External userids by staff key. Only a list that was read from its beginning shows what is missing from it. */
  const listed = work.cursor === '' ? new Map<string, Set<string>>() : undefined
  const cursors = new Set<string>()
  const unlicensed = new Set<string>()
  for (;;) {
    const askedAt = new Date(pass.clock.earliest())
    let page: Awaited<ReturnType<typeof readPage>>
    try {
      page = await readPage(pass, work)
    } catch (error) {
      if (!(await replaced(pass, work, place, error))) throw error
      await pass.save(place, share(0))
      return
    }
    const rows = page.external_contact_list ?? []
    await writePage(pass, rows, askedAt)
    for (const { follow_info, external_contact } of rows) {
      const key = useridKey(follow_info.userid)
      const ids = listed?.get(key) ?? new Set<string>()
      listed?.set(key, ids.add(external_contact.external_userid))
    }
    for (const userid of page.fail_info?.unlicensed_userid_list ?? []) unlicensed.add(useridKey(userid))
    const next = page.next_cursor ?? ''
    if (next === '') break
    if (cursors.has(next) || next === work.cursor) throw new RepeatedCursorError()
    cursors.add(next)
    work.cursor = next
    // As a rule the rows come in the order of the members; this is for a progress bar only.
    await pass.save(place, share(Math.max(work.userids.indexOf(rows.at(-1)?.follow_info.userid ?? ''), 0)))
  }
  for (const userid of work.userids) {
    if (unlicensed.has(useridKey(userid))) pass.skip(userid, 701008)
    else if (listed) await endMissingFollows(pass, userid, listed.get(useridKey(userid)) ?? new Set())
  }
  place.queue.shift()
  await pass.save(place, share(0))
}

function readPage(pass: SyncPass, { userids, cursor }: Work) {
  return pass.call('externalcontact/batch/get_by_user', {
    userid_list: userids,
    limit: rowsPerPage,
    ...(cursor !== '' && { cursor }),
  })
}

/**
 * What to do instead of a group that was refused: begin it anew when its cursor was lost (50100), halve it when one of
 * its members is the reason, or leave the member out who is alone.
 *
 * @returns false when the error is another one.
 */
async function replaced(pass: SyncPass, work: Work, place: Place, error: unknown): Promise<boolean> {
  const { userids } = work
  if (error instanceof WecomError && error.errcode === 50100 && work.restarts < maxRestarts) {
    place.queue[0] = { userids, cursor: '', restarts: work.restarts + 1 }
    return true
  }
  const errcode = skippableErrcode(error)
  if (errcode === undefined) return false
  if (userids.length > 1) {
    const half = Math.ceil(userids.length / 2)
    const parts = [userids.slice(0, half), userids.slice(half)]
    place.queue.splice(0, 1, ...parts.map(part => ({ userids: part, cursor: '', restarts: 0 })))
    return true
  }
  const [userid = ''] = userids
  // Someone without any customer is refused with 84061. As long as we know of none either, that is nothing missed.
  const known = await pass.models.follows.exists({ corpId: pass.corpId, useridKey: useridKey(userid) })
  if (errcode !== 84061 || known !== null) pass.skip(userid, errcode)
  place.queue.shift()
  return true
}

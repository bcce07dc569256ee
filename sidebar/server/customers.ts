import { z } from 'zod'
import {
  markTags,
  type Pair,
  type WriteContext,
  writeNote,
  writeRemark,
  writeStage,
} from '../../bot/actions/customer-writes.ts'
import { readCustomer } from '../../bot/actions/read-customer.ts'
import { type Follow, stages } from '../../models/follow.ts'
import {
  limits,
  type NewNote,
  type Profile,
  type RemarkChange,
  type StageChange,
  type TagChange,
} from '../api.ts'
import type { Api, Call } from './call.ts'
import { openCustomer, openOwnCustomer } from './customer-access.ts'
import type { SidebarDeps } from './deps.ts'
import { profileOf, tagGroups } from './profile.ts'
import { Refused } from './refusals.ts'
import { keyOf, requestKey } from './request-key.ts'
import { texts } from './texts.ts'
import { createThrottle } from './throttle.ts'
import { timelineOf } from './timeline.ts'

/** What a request does to the pair; `follow` is as it was before. */
type Change<B> = (context: WriteContext, pair: Pair, body: B, follow: Follow) => Promise<void>

const tagIds = z.array(z.string().min(1).max(64)).max(100)
const bodies = {
  nothing: z.strictObject({}),
  tags: z
    .strictObject({ key: requestKey, add: tagIds, remove: tagIds })
    .refine(
      ({ add, remove }) => add.length + remove.length > 0 && !add.some(tag => remove.includes(tag)),
    ) satisfies z.ZodType<TagChange>,
  remark: z.strictObject({
    key: requestKey,
    remark: z.string().trim().max(limits.remark),
  }) satisfies z.ZodType<RemarkChange>,
  stage: z.strictObject({ key: requestKey, stage: z.enum(stages) }) satisfies z.ZodType<StageChange>,
  note: z.strictObject({
    key: requestKey,
    text: z.string().trim().min(1).max(limits.note),
  }) satisfies z.ZodType<NewNote>,
}

const refreshEveryMs = 3_000

/** What the sidebar shows and changes of a customer. */
export function addCustomerRoutes(api: Api, deps: SidebarDeps): void {
  const { models, corpId } = deps
  const throttle = createThrottle(refreshEveryMs)

  api.get('tags', () => tagGroups(models, corpId))
  api.get('customers/:externalUserid', call => profileOf(models, call.who, call.id('externalUserid')))
  api.get('customers/:externalUserid/timeline', async call => {
    const { follow } = await openCustomer(models, call.who, call.id('externalUserid'))
    const { before } = call.query(z.object({ before: z.string() }))
    return timelineOf(models, call.who, follow, before)
  })
  api.post('customers/:externalUserid/refresh', async call => {
    const externalUserid = call.id('externalUserid')
    await call.body(bodies.nothing)
    await throttle(externalUserid, async () =>
      readCustomer(models, await deps.client(), corpId, externalUserid, 'sidebar'),
    )
    return profileOf(models, call.who, externalUserid)
  })

  const write = <S extends z.ZodType<{ key: string }>>(
    what: string,
    schema: S,
    change: Change<z.output<S>>,
  ): void => api.post(`customers/:externalUserid/${what}`, call => writeOnce(deps, call, schema, change))

  write('tags', bodies.tags, changeTags)
  write('remark', bodies.remark, async (context, pair, { remark }, follow) => {
    if (remark !== follow.remark) await writeRemark(context, pair, remark)
  })
  write('stage', bodies.stage, (context, pair, { stage }) => writeStage(context, pair, stage))
  write('notes', bodies.note, (context, pair, { text }) => writeNote(context, pair, pair.userid, text))
}

/** Changes the asker's own follow, unless the same request has done so already, and answers the profile. */
async function writeOnce<S extends z.ZodType<{ key: string }>>(
  deps: SidebarDeps,
  call: Call,
  schema: S,
  change: Change<z.output<S>>,
): Promise<Profile> {
  const { models, corpId } = deps
  const externalUserid = call.id('externalUserid')
  const body = await call.body(schema)
  const { follow } = await openOwnCustomer(models, call.who, externalUserid)
  const key = keyOf(call.who, body.key)
  if ((await models.trajectories.exists({ corpId, key })) === null) {
    const context = { models, client: await deps.client(), corp: { corpId }, key, now: deps.now() }
    await change(context, { userid: follow.userid, externalUserid }, body, follow)
  }
  return profileOf(models, call.who, externalUserid)
}

/** Tags that are as wanted already cost no call. */
async function changeTags(
  context: WriteContext,
  pair: Pair,
  { add, remove }: TagChange,
  follow: Follow,
): Promise<void> {
  const { corpId } = context.corp
  const rows = await context.models.tags
    .find({ corpId, tagId: { $in: [...add, ...remove] }, removedAt: null }, { tagId: 1, name: 1 })
    .lean()
  const labelled = (tagIds: readonly string[]): { tagId: string; label: string }[] =>
    [...new Set(tagIds)].map(tagId => {
      const label = rows.find(row => row.tagId === tagId)?.name
      if (label === undefined) throw new Refused('bad_request', texts.tagUnknown)
      return { tagId, label }
    })
  const adding = labelled(add).filter(tag => !follow.tags.includes(tag.tagId))
  const removing = labelled(remove).filter(tag => follow.tags.includes(tag.tagId))
  if (adding.length + removing.length > 0) await markTags(context, pair, adding, removing)
}

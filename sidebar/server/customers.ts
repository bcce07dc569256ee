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
import { settleFollow } from '../../bot/actions/settle-follow.ts'
import { type Follow, stages } from '../../models/follow.ts'
import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
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
import { once } from './once.ts'
import { profileOf, tagGroups } from './profile.ts'
import { Refused } from './refusals.ts'
import { keyOf, requestKey } from './request-key.ts'
import { texts } from './texts.ts'
import { createThrottle } from './throttle.ts'
import { timelineOf } from './timeline.ts'

/** What a request does to the pair; `P` is what it changes of the follow as it was before, undefined for nothing. */
interface Change<B, P extends object> {
  plan(models: Models, follow: Follow, body: B): Promise<P | undefined>
  run(context: WriteContext, pair: Pair, body: B, plan: P): Promise<void>
}

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
  const { models, corpId, clock } = deps
  const throttle = createThrottle(refreshEveryMs)

  api.get('tags', () => tagGroups(models, corpId))
  api.get('customers/:externalUserid', call => profileOf(models, call.who, call.id('externalUserid')))
  api.get('customers/:externalUserid/timeline', async call => {
    const sight = await openCustomer(models, call.who, call.id('externalUserid'))
    const { before } = call.query(z.object({ before: z.string() }))
    return timelineOf(models, sight, before)
  })
  api.post('customers/:externalUserid/refresh', async call => {
    const externalUserid = call.id('externalUserid')
    await call.body(bodies.nothing)
    const { userid } = call.who
    const reading = await throttle(useridKey(userid), externalUserid, async () =>
      readCustomer({ models, client: await deps.client(), clock }, corpId, externalUserid, 'sidebar'),
    )
    await settleFollow(deps, corpId, { userid, externalUserid }, reading)
    return profileOf(models, call.who, externalUserid)
  })

  const write = <S extends z.ZodType<{ key: string }>, P extends object>(
    what: string,
    schema: S,
    change: Change<z.output<S>, P>,
  ): void =>
    api.post(`customers/:externalUserid/${what}`, call => writeOnce(deps, call, what, schema, change))

  write('tags', bodies.tags, { plan: planTags, run: runTags })
  write('remark', bodies.remark, {
    plan: async (_models, follow, { remark }) => (remark === follow.remark ? undefined : {}),
    run: (context, pair, { remark }) => writeRemark(context, pair, remark),
  })
  write('stage', bodies.stage, {
    plan: async (_models, { stage: from }, { stage }) => (stage === from ? undefined : { from }),
    run: (context, pair, { stage }, { from }) => writeStage(context, pair, from, stage),
  })
  write('notes', bodies.note, {
    plan: async () => ({}),
    run: (context, pair, { text }) => writeNote(context, pair, pair.userid, text),
  })
}

/** Changes the asker's own follow, unless the same request has done so already, and answers the profile. */
async function writeOnce<S extends z.ZodType<{ key: string }>, P extends object>(
  deps: SidebarDeps,
  call: Call,
  what: string,
  schema: S,
  change: Change<z.output<S>, P>,
): Promise<Profile> {
  const { models, corpId, clock } = deps
  const externalUserid = call.id('externalUserid')
  const body = await call.body(schema)
  const { follow } = await openOwnCustomer(models, call.who, externalUserid)
  const key = keyOf(call.who, body.key)
  const pair = { userid: follow.userid, externalUserid }
  await once(
    models,
    { corpId, key, content: { what, externalUserid, body } },
    {
      plan: () => change.plan(models, follow, body),
      async run(plan: P, now) {
        await change.run(
          { models, client: await deps.client(), corp: { corpId }, key, now, clock },
          pair,
          body,
          plan,
        )
      },
    },
  )
  return profileOf(models, call.who, externalUserid)
}

interface LabelledTag {
  tagId: string
  label: string
}

/** Tags that are as wanted already cost no call. */
async function planTags(
  models: Models,
  { corpId, tags }: Follow,
  { add, remove }: TagChange,
): Promise<{ adding: LabelledTag[]; removing: LabelledTag[] } | undefined> {
  const rows = await models.tags
    .find({ corpId, tagId: { $in: [...add, ...remove] }, removedAt: null }, { tagId: 1, name: 1 })
    .lean()
  const labelled = (tagIds: readonly string[]): LabelledTag[] =>
    [...new Set(tagIds)].map(tagId => {
      const label = rows.find(row => row.tagId === tagId)?.name
      if (label === undefined) throw new Refused('bad_request', texts.tagUnknown)
      return { tagId, label }
    })
  const adding = labelled(add).filter(tag => !tags.includes(tag.tagId))
  const removing = labelled(remove).filter(tag => tags.includes(tag.tagId))
  return adding.length + removing.length > 0 ? { adding, removing } : undefined
}

function runTags(
  context: WriteContext,
  pair: Pair,
  _body: TagChange,
  { adding, removing }: { adding: LabelledTag[]; removing: LabelledTag[] },
): Promise<void> {
  return markTags(context, pair, adding, removing)
}

import { findStartTarget } from '../../bot/actions/start-handler.ts'
import { freshStartId, putStart } from '../../bot/dispatch/starts.ts'
import { openClock } from '../../models/clock.ts'
import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
import { corp, defineVerb, UsageError, unattended } from './verb.ts'

const dayMs = 24 * 60 * 60 * 1000

export const handlersRun = defineVerb(
  'Run a manual or scheduled handler now: a running Sidekick takes it up within seconds',
  {
    key: { type: 'positional', required: true, description: 'As listed' },
    staff: { type: 'string', description: 'Userid of the staff member whom it is about' },
    customer: { type: 'string', description: 'External userid of the customer; needs --staff' },
    args: { type: 'string', description: 'What it gets as args, as name=value; further ones behind it' },
    corp,
  },
  async (given, open) => {
    const { key, staff, customer } = given
    const [, ...words] = given._
    const args = readArgs([...(given.args === undefined ? [] : [given.args]), ...words])
    if (customer !== undefined && staff === undefined)
      throw new UsageError('--customer needs --staff: whose customer it is')
    const { models, jobs, config, database, corpId: corpOf } = await open()
    const corpId = await corpOf(given.corp)
    const target = await findStartTarget(models, corpId, key)
    if (target === undefined) throw new UsageError(`there is no handler ${key} that has been published`)
    if (target.trigger === 'other')
      throw new UsageError(`${key} is neither manual nor scheduled: its trigger starts it`)
    if (!target.enabled) throw new UsageError(`${key} is switched off: handlers on ${key}`)
    const paused = (await models.corps.findOne({ corpId }, { paused: 1 }).lean())?.paused
    if (paused !== undefined) throw new UsageError(`all handlers are paused by ${paused.by}: handlers resume`)
    await checkPeople(models, corpId, staff, customer)
    const clock = await openClock(database.connection)
    const id = freshStartId(corpId)
    const start = {
      handler: key,
      by: 'manual' as const,
      ...(staff !== undefined && { userid: staff }),
      ...(customer !== undefined && { externalUserid: customer }),
      ...(Object.keys(args).length > 0 && { args }),
    }
    const retentionMs = config.retentionDays * dayMs
    await putStart(models, { corpId, at: new Date(clock.now()), id, start, retentionMs })
    return {
      data: { event: id },
      text: `${id}\ninbox show tells what came of it`,
      notes: [await unattended(jobs)],
    }
  },
)

/** @throws UsageError */
function readArgs(words: readonly string[]): Record<string, string> {
  const pairs = words.map(word => /^([a-zA-Z]\w{0,39})=(.*)$/s.exec(word) ?? [word])
  const [bad] = pairs.find(pair => pair.length === 1) ?? []
  if (bad !== undefined) throw new UsageError(`"${bad}" is no argument such as about=price`)
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]))
}

/** A name that nobody has would be no mistake to the platform either, until the first step. */
async function checkPeople(
  models: Models,
  corpId: string,
  staff: string | undefined,
  customer: string | undefined,
): Promise<void> {
  if (staff === undefined) return
  const who = { corpId, useridKey: useridKey(staff) }
  if ((await models.staff.exists(who)) === null) throw new UsageError(`there is no staff member ${staff}`)
  if (customer === undefined) return
  if ((await models.follows.exists({ ...who, externalUserid: customer })) === null)
    throw new UsageError(`${staff} has no customer ${customer}`)
}

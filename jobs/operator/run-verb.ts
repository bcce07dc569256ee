import { actions } from '../../bot/actions/registry.ts'
import { findStartTarget } from '../../bot/actions/start-handler.ts'
import { freshStartId, putStart } from '../../bot/dispatch/starts.ts'
import { inspectHandler } from '../../bot/handlers/compile.ts'
import { needsCustomer } from '../../bot/handlers/needs-customer.ts'
import { pauseOf } from '../../bot/handlers/pause.ts'
import { openClock } from '../../models/clock.ts'
import type { Models } from '../../models/models.ts'
import { aboutArgs, checkPeople, moreArgs, readAbout } from './start-about.ts'
import { corp, defineVerb, UsageError, unattended } from './verb.ts'

const dayMs = 24 * 60 * 60 * 1000

export const handlersRun = defineVerb(
  'Run a manual or scheduled handler now: a running Sidekick takes it up within seconds',
  {
    key: { type: 'positional', required: true, description: 'As listed' },
    ...moreArgs,
    ...aboutArgs,
    corp,
  },
  async (given, open) => {
    const { key } = given
    const about = readAbout(given)
    const { models, jobs, config, database, corpId: corpOf } = await open()
    const corpId = await corpOf(given.corp)
    const target = await findStartTarget(models, corpId, key)
    if (target === undefined) throw new UsageError(`there is no handler ${key} that has been published`)
    if (target.trigger === 'other')
      throw new UsageError(`${key} is neither manual nor scheduled: its trigger starts it`)
    if (!target.enabled) throw new UsageError(`${key} is switched off: handlers on ${key}`)
    const { paused } = await pauseOf(models, corpId)
    if (paused !== undefined) throw new UsageError(`all handlers are paused by ${paused.by}: handlers resume`)
    await checkPeople(models, corpId, about)
    if (about.externalUserid === undefined && (await isOfCustomer(models, corpId, key)))
      throw new UsageError(
        `${key} needs a customer: handlers run ${key} --staff <userid> --customer <externalUserid>`,
      )
    const clock = await openClock(database.connection)
    const id = freshStartId(corpId)
    const start = { handler: key, by: 'manual', ...about } as const
    const retentionMs = config.retentionDays * dayMs
    await putStart(models, { corpId, at: new Date(clock.now()), id, start, retentionMs })
    return {
      data: { event: id },
      text: `${id}\ninbox show tells what came of it`,
      notes: [await unattended(jobs)],
    }
  },
)

/** Whether a handler needs a customer; not one that is broken: what is wrong with it is told with what came of the start. */
async function isOfCustomer(models: Models, corpId: string, key: string): Promise<boolean> {
  const stored = await models.handlers.findOne({ corpId, key }, { document: 1 }).lean()
  const { handler } = inspectHandler(stored?.document, actions)
  return handler !== undefined && needsCustomer(handler, actions)
}

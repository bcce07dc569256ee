import { MultiBar } from 'cli-progress'
import type { Models } from '../../models/models.ts'
import { type SyncName, syncNames } from '../../models/sync-state.ts'
import type { Jobs } from '../agenda.ts'
import { jobRow } from '../list.ts'
import { watchSync } from '../watch.ts'
import { type Answer, corp, defineVerb, UsageError, unattended } from './verb.ts'

export const jobsVerb = defineVerb('Scheduled, running and failed jobs', {}, async (_, open) => {
  const { jobs } = await open()
  const list = await jobs.list()
  const data = { workers: await jobs.workers(), jobs: list }
  return { data, rows: list.map(jobRow), notes: [await unattended(jobs)] }
})

export const syncVerb = defineVerb(
  'Run a sync now',
  {
    what: { type: 'positional', description: [...syncNames, 'all'].join(' | '), required: true },
    watch: {
      type: 'boolean',
      description: 'Follow it to its end; exit code 1 when it fails',
      default: false,
    },
    corp,
  },
  async (args, open) => {
    const names = args.what === 'all' ? syncNames : syncNames.filter(name => name === args.what)
    if (names.length === 0)
      throw new UsageError(`"${args.what}" is no sync; there are ${syncNames.join(', ')}, all`)
    const { jobs, models, corpIds } = await open()
    const wanted = (await corpIds(args.corp)).flatMap(corpId => names.map(what => ({ corpId, what })))
    if (args.watch) return watchAll({ jobs, models }, wanted, !args.json && process.stderr.isTTY)
    const rows = await Promise.all(
      wanted.map(async one => ({ ...one, job: await jobs.enqueue(`sync.${one.what}`, one) })),
    )
    return { data: rows, rows, notes: [await unattended(jobs)] }
  },
)

async function watchAll(
  deps: { jobs: Jobs; models: Models },
  wanted: readonly { corpId: string; what: SyncName }[],
  show: boolean,
): Promise<Answer> {
  const format = '{what} {bar} {percentage}% {seen} seen'
  const bars = new MultiBar({ format, hideCursor: true, stream: process.stderr })
  const watched = wanted.map(async one => {
    const bar = show ? bars.create(100, 0, { what: one.what.padEnd(9), seen: 0 }) : undefined
    const outcome = await watchSync(deps, one, ({ percent, seen }) => bar?.update(percent, { seen }))
    if (outcome.counts) bar?.update(100, { seen: outcome.counts.seen })
    return outcome
  })
  const data = await Promise.all(watched).finally(() => bars.stop())
  return {
    data,
    rows: data.map(({ counts, error, ...rest }) => ({ ...rest, ...counts, note: error?.message })),
    notes: [await unattended(deps.jobs)],
    failed: data.some(({ state }) => state === 'failed' || state === 'unattended'),
  }
}

export const pushVerb = defineVerb(
  'Store an app message to staff and plan it; without --at and --cron it is sent now',
  {
    key: { type: 'positional', required: true, description: 'Names the push; one that is there is replaced' },
    title: { type: 'string', required: true, description: 'For lists' },
    to: { type: 'string', required: true, description: 'Userids, comma separated, or @all' },
    text: { type: 'string', required: true, description: 'At most 2048 bytes' },
    at: { type: 'string', description: 'Once, like 2026-03-01T09:00:00+08:00' },
    cron: { type: 'string', description: 'Repeated, in the time zone of the corp, like "0 9 * * 1-5"' },
    corp,
  },
  async ({ key, title, to, text, at, cron, corp: named }, open) => {
    const once = at === undefined ? undefined : new Date(at)
    if (once && Number.isNaN(once.getTime())) throw new UsageError(`--at "${at}" is not a time`)
    const { jobs, corpId } = await open()
    const request = { key, title, text, to: to.split(',').map(userid => userid.trim()) }
    const planned = { ...request, ...(once && { at: once }), ...(cron !== undefined && { cron }) }
    const { id, runAt } = await jobs.push(await corpId(named), planned)
    const told = `push ${key} is due at ${runAt.toISOString()}`
    return { data: { job: id, key, runAt }, text: told, notes: [await unattended(jobs)] }
  },
)

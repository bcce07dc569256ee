import type { mongo } from 'mongoose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { walkThrough } from './fixtures/test/product-walk.ts'
import { type PlannedQuery, planQueries } from './fixtures/test/query-plans.ts'
import { querySites } from './fixtures/test/query-sites.ts'
import { type QueryWatch, watchQueries } from './fixtures/test/query-watch.ts'
import { startTestSidekick, type TestSidekick } from './fixtures/test/start-sidekick.ts'

/** What is sorted after it was found, by the file that asks, and why that is never much. */
const sortedInMemory: Readonly<Record<string, string>> = {
  'bot/actions/report-show.ts': 'the follows of one team, of which the newest are shown',
  'bot/actions/search-follows.ts': 'the follows of one team, of which the newest are shown',
  'bot/actions/find-scripts.ts': 'a shelf is read whole, and kept in memory',
  'bot/handlers/why-read.ts': 'the events and the runs of one customer',
  'jobs/operator/inbox-filter.ts': 'the events of one customer',
  'sidebar/server/library.ts': 'the categories of a corp',
  'sidebar/server/profile.ts': 'the tags of a corp, of which the platform allows 10,000',
}

let watch: QueryWatch
let sidekick: TestSidekick
let server: mongo.Db
let planned: PlannedQuery[]

beforeAll(async () => {
  watch = watchQueries()
  sidekick = await startTestSidekick({ ADMIN_STAFF: 'hemin' })
  await walkThrough(sidekick)
  const { connection } = sidekick.database
  server = connection.getClient().db(connection.name)
  planned = await planQueries(server, watch.sent)
}, 300_000)
afterAll(async () => {
  await sidekick?.stop()
  watch.stop()
})

const told = (queries: readonly PlannedQuery[]): string[] =>
  queries.map(({ shape, sites, stages }) => `${sites.join(', ')}: ${shape}: ${stages.join(' < ')}`)
const fileOf = (site: string): string => site.replace(/:\d+$/, '')

describe('the queries of the product', () => {
  it('are all sent by the walk through it', () => {
    const seen = new Set(watch.sent.map(({ site }) => site))
    const written = querySites()
    expect(written.length).toBeGreaterThan(100)
    expect(written.filter(site => !seen.has(site))).toEqual([])
    // Of what is sent beside them, Agenda's are known.
    expect([...seen].filter(site => !written.includes(site))).toEqual(['@agendajs/mongo-backend'])
  })

  it('find what they look for by an index', () => {
    expect(told(planned.filter(({ indexed }) => !indexed))).toEqual([])
  })

  it('get their order from an index too, where there may be much to sort', () => {
    const sorting = planned.filter(({ stages }) => stages.includes('SORT'))
    const much = sorting.filter(({ sites }) => sites.some(site => sortedInMemory[fileOf(site)] === undefined))
    expect(told(much)).toEqual([])
  })

  it('would be found out without one', async () => {
    const where = { find: 'corps', filter: { name: 'x' }, sort: { name: 1 } }
    const which = { update: 'corps', updates: [{ q: { name: 'x' }, u: { $set: { name: 'y' } } }] }
    const counted = { aggregate: 'corps', pipeline: [{ $match: { name: 'x' } }, { $count: 'n' }], cursor: {} }
    const plans = await planQueries(
      server,
      [where, which, counted].map(command => ({ site: 'here', command })),
    )
    expect(plans.map(({ indexed }) => indexed)).toEqual([false, false, false])
    expect(plans.find(({ shape }) => shape.startsWith('corps.find'))?.stages).toContain('SORT')
  })
})

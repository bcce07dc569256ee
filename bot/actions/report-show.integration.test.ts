import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import { actionContext } from '../../fixtures/test/action-context.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import type { Database } from '../../models/connect.ts'
import { reportShow } from './report-show.ts'

const { corpId } = platformApp
const now = new Date('2026-03-10T09:00:00+08:00')
/** When each customer came: some moments on both sides of the midnights in the corp's time zone. */
const added = {
  今早: '2026-03-10T00:00:00+08:00',
  昨晚: '2026-03-09T23:59:59+08:00',
  昨早: '2026-03-09T00:00:00+08:00',
  前晚: '2026-03-08T23:59:59+08:00',
  第七天: '2026-03-03T00:00:00+08:00',
  第八天: '2026-03-02T23:59:59+08:00',
}

describe('a report', () => {
  let database: Database
  let platform: TestPlatform
  beforeAll(async () => {
    ;[database, platform] = await Promise.all([openTestDatabase(), startTestPlatform(loadDemoCorp)])
    await database.models.follows.insertMany(
      Object.entries(added).map(([name, at]) => ({
        ...{ corpId, userid: 'lina', useridKey: 'lina', externalUserid: `wm-${name}`, name },
        ...{ remark: name, description: '', remarkMobiles: [], tags: [], personalTags: [] },
        ...{ status: 'active', stage: '待跟进', addedAt: new Date(at), updatedAt: now },
      })),
    )
    await database.models.follows.updateOne(
      { corpId, externalUserid: 'wm-第八天' },
      { $set: { status: 'lost', endedAt: new Date('2026-03-09T12:00:00+08:00') } },
    )
  })
  afterAll(() => Promise.all([database.close(), platform.close()]))

  const report = async (day: 'today' | 'yesterday' | 'week') =>
    (await reportShow.run(actionContext(database.models, platform, { now }), { day })) as {
      added: number
      lost: number
      text: string
    }

  it.each([
    ['today', 1, 0, '【今日 · 我的】', /今天新加：\n· 今早\n/],
    ['yesterday', 2, 1, '【昨日 · 我的】', /昨天新加：\n· 昨晚\n· 昨早\n/],
    ['week', 4, 1, '【近 7 天 · 我的】', /近 7 天新加：\n· 昨晚\n· 昨早\n· 前晚\n· 第七天\n/],
  ] as const)('of %s counts whole days of the corp', async (day, came, lost, head, list) => {
    const { text, ...counts } = await report(day)
    expect(counts).toMatchObject({ added: came, lost })
    expect(text).toContain(head)
    expect(text).toMatch(list)
  })

  it('is of today where nothing is said', () => {
    expect(reportShow.params.parse({})).toEqual({ day: 'today' })
  })
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import { eventOf } from '../../fixtures/test/event-rig.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import { openClock } from '../../models/clock.ts'
import type { Database } from '../../models/connect.ts'
import { useridKey } from '../../models/userid.ts'
import { readCustomer } from '../actions/read-customer.ts'
import type { DispatchDeps } from './deps.ts'
import { askEarly } from './early-answers.ts'
import { recordEvent } from './record-customer.ts'

let database: Database
let platform: TestPlatform
beforeAll(async () => {
  ;[database, platform] = await Promise.all([openTestDatabase(), startTestPlatform(loadDemoCorp)])
})
afterAll(() => Promise.all([database.close(), platform.close()]))

it('goes by what was read since, where the answer for the welcome was asked for before a tag was marked', async () => {
  const { corpId } = platformApp
  const { client } = platform
  const corp = loadDemoCorp()
  const [customer] = corp.customers
  const { userid = '', tags: held = [] } = customer?.follows[0] ?? {}
  const externalUserid = customer?.externalUserid ?? ''
  const tag = corp.tagGroups.flatMap(group => group.tags).find(one => !held.includes(one.id))?.id ?? ''
  const clock = await openClock(database.connection)
  const deps = { models: database.models, clock, apps: { client: async () => client } }
  const event = {
    ...eventOf(
      `<FromUserName>sys</FromUserName><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>${userid}</UserID><ExternalUserID>${externalUserid}</ExternalUserID>`,
      1_700_000_000,
    ),
    corpId,
  }

  await askEarly(deps, client, event)
  // An event before it marks a tag, is cut off before it is stored, and on its next try reads that it is there.
  await client.call('externalcontact/mark_tag', { userid, external_userid: externalUserid, add_tag: [tag] })
  await readCustomer({ ...deps, client }, corpId, externalUserid, 'test')
  await recordEvent(deps as unknown as DispatchDeps, event, 'customer.confirmed')

  const pair = { corpId, useridKey: useridKey(userid), externalUserid }
  expect((await database.models.follows.findOne(pair).orFail().lean()).tags).toContain(tag)
})

import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import { type BotEvent, isEvent, parseEvent } from '../events/parse.ts'
import type { DispatchDeps } from './deps.ts'
import { recordEvent } from './record-customer.ts'
import { type Announcement, announce, beginByConsent } from './relation.ts'

const changes = {
  half: 'add_half_external_contact',
  full: 'add_external_contact',
  lost: 'del_follow_user',
  removed: 'del_external_contact',
  archive: 'msg_audit_approved',
} as const
type Change = keyof typeof changes

/** Welcome codes make two announcements of one second different, as on the platform. */
function eventOf(change: Change, externalUserid: string, seconds: number, userid = 'lina'): BotEvent {
  const code = change === 'half' || change === 'full' ? `<WelcomeCode>${change}</WelcomeCode>` : ''
  return parseEvent(
    `<xml><ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName><CreateTime>${1_700_000_000 + seconds}</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>${changes[change]}</ChangeType><UserID>${userid}</UserID><ExternalUserID>${externalUserid}</ExternalUserID>${code}</xml>`,
  )
}

describe('the relation of a staff member and a customer', () => {
  let database: Database
  let wm = ''
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(() => {
    wm = `wm${randomUUID()}`
  })

  /** What an add turns out to be; undefined for an end, which is recorded. */
  async function take(event: BotEvent): Promise<Announcement | undefined> {
    if (isEvent(event, 'customer.added')) return announce(database.models, event)
    // The end of a relation touches nothing but the database.
    await recordEvent({ models: database.models } as DispatchDeps, event, event.name)
    return undefined
  }
  const follow = (externalUserid = wm) => database.models.follows.find({ externalUserid }).lean()

  it('begins with the first announcement, and the other one confirms it', async () => {
    for (const [first, second] of [
      ['half', 'full'],
      ['full', 'half'],
    ] as const) {
      const customer = `${wm}-${first}`
      const [one, two] = [eventOf(first, customer, 0), eventOf(second, customer, 5)]
      const told = { relation: one.id, over: false, isHeld: true }
      expect(await take(one)).toEqual({ name: 'customer.added', ...told })
      expect(await take(two)).toEqual({ name: 'customer.confirmed', ...told })
    }
  })

  it('says the same of an add that is looked for first', async () => {
    const [first, again] = [eventOf('full', wm, 0), eventOf('full', wm, 90)] as BotEvent<'customer.added'>[]
    for (const event of [first, again]) {
      if (event === undefined) continue
      const found = await announce(database.models, event, { isBegun: true })
      expect(found).toMatchObject({ name: 'customer.added', relation: event.id, over: false })
      expect(await announce(database.models, event)).toEqual(found)
    }
  })

  it('does not hold a pair that has ended and begins anew', async () => {
    await take(eventOf('full', wm, 0))
    await take(eventOf('lost', wm, 10))
    expect(await take(eventOf('full', wm, 20))).not.toHaveProperty('isHeld')
  })

  it('leaves a follow that waits to be followed up, active and without tags', async () => {
    await take(eventOf('half', wm, 0))
    expect(await follow()).toMatchObject([
      { userid: 'lina', status: 'active', stage: '待跟进', tags: [], remark: '', customerName: '' },
    ])
  })

  it('keeps what a sync has read of the pair before', async () => {
    await take(eventOf('half', wm, 0))
    await database.models.follows.updateOne(
      { externalUserid: wm },
      { $set: { remark: '滨江', tags: ['et1'] } },
    )
    await take(eventOf('full', wm, 5))
    expect(await follow()).toMatchObject([{ remark: '滨江', tags: ['et1'] }])
  })

  it('is one where the platform writes the userid in another case', async () => {
    await take(eventOf('half', wm, 0, 'ZhangWei01'))
    expect(await take(eventOf('full', wm, 5, 'zhangwei01'))).toMatchObject({ name: 'customer.confirmed' })
    expect(await follow()).toHaveLength(1)
  })

  it('has nothing to do with that of another staff member', async () => {
    await take(eventOf('half', wm, 0))
    expect(await take(eventOf('full', wm, 5, 'chenjie'))).toMatchObject({ name: 'customer.added' })
    expect(await follow()).toHaveLength(2)
  })

  it('begins anew with a second announcement of the same kind', async () => {
    await take(eventOf('full', wm, 0))
    const again = eventOf('full', wm, 90)
    expect(await take(again)).toEqual({
      name: 'customer.added',
      relation: again.id,
      over: false,
      isHeld: true,
      again: true,
    })
  })

  it('is confirmed weeks after the request, but not by a request that comes over a minute after the add', async () => {
    await take(eventOf('half', `${wm}-slow`, 0))
    expect(await take(eventOf('full', `${wm}-slow`, 1_000_000))).toMatchObject({ name: 'customer.confirmed' })
    await take(eventOf('full', wm, 0))
    expect(await take(eventOf('half', wm, 60))).toMatchObject({ name: 'customer.confirmed' })
    await take(eventOf('full', `${wm}-new`, 0))
    expect(await take(eventOf('half', `${wm}-new`, 61))).toMatchObject({ name: 'customer.added' })
  })

  it('that a consent to chat archiving began is taken over by its add, and begun once', async () => {
    const consent = eventOf('archive', wm, 0)
    await beginByConsent(database.models, consent)
    await beginByConsent(database.models, eventOf('archive', wm, 1))
    expect(await follow()).toMatchObject([{ relation: { first: consent.id } }])
    const add = eventOf('full', wm, 5)
    expect(await take(add)).toEqual({ name: 'customer.added', relation: add.id, over: false })
    await beginByConsent(database.models, eventOf('archive', wm, 6))
    expect(await take(eventOf('half', wm, 7))).toEqual({
      name: 'customer.confirmed',
      relation: add.id,
      over: false,
    })
  })

  it.each(['lost', 'removed'] as const)('begins anew after it was %s', async end => {
    await take(eventOf('full', wm, 0))
    await take(eventOf(end, wm, 10))
    expect(await follow()).toMatchObject([{ status: end }])
    expect(await take(eventOf('half', wm, 20))).toMatchObject({ name: 'customer.added' })
  })

  it('is not ended by news of the end of the one before', async () => {
    await take(eventOf('full', wm, 20))
    await take(eventOf('lost', wm, 10))
    expect(await follow()).toMatchObject([{ status: 'active' }])
    expect(await take(eventOf('half', wm, 21))).toMatchObject({ name: 'customer.confirmed' })
  })

  it('is decided once by instances that hear both announcements at the same moment', async () => {
    for (let round = 0; round < 3; round += 1) {
      const customer = `${wm}-${round}`
      const [half, full] = [eventOf('half', customer, 0), eventOf('full', customer, 0)]
      const answers = await Promise.all([half, full, half, full, half].map(take))
      const added = answers.filter(answer => answer?.name === 'customer.added')
      expect(new Set(answers.map(answer => answer?.relation)).size).toBe(1)
      expect([2, 3]).toContain(added.length)
      expect([half.id, full.id]).toContain(added[0]?.relation)
    }
  })

  it('raises customer.added by one of its announcements, in whatever order and however often they come', async () => {
    const deliveries = fc.array(fc.constantFrom<Change>('half', 'full'), { minLength: 1, maxLength: 4 })
    const ends = fc.array(fc.constantFrom<Change>('lost', 'removed'), { minLength: 1, maxLength: 2 })
    const relations = fc.array(fc.tuple(deliveries, ends), { minLength: 1, maxLength: 2 })
    await fc.assert(
      fc.asyncProperty(relations, async story => {
        const customer = `wm${randomUUID()}`
        for (const [index, [announcements, ended]] of story.entries()) {
          const added = new Set<string>()
          const ids = new Set<string | undefined>()
          for (const change of announcements) {
            const event = eventOf(change, customer, index * 100)
            const answer = await take(event)
            ids.add(answer?.relation)
            if (answer?.name === 'customer.added') added.add(event.id)
          }
          expect(added.size).toBe(1)
          expect([...ids]).toEqual([...added])
          for (const change of ended) await take(eventOf(change, customer, index * 100 + 50))
        }
      }),
      { numRuns: 12 },
    )
  })
})

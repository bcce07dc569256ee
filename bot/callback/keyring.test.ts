import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Apps, type CallbackKeys, UnknownApp } from '../apps.ts'
import { createKeyring } from './keyring.ts'

const own = { corpId: 'wwown', agentId: '1000002' }

/** Apps as `corpId/app` names, and how often the database would have been asked for them. */
function openApps(...names: string[]) {
  const asked = { lists: 0, keys: 0, fails: false }
  const apps: Pick<Apps, 'corpIds' | 'callbackKeys'> = {
    async corpIds() {
      asked.lists += 1
      if (asked.fails) throw new Error('no database')
      return names.map(name => name.split('/')[0] ?? '')
    },
    async callbackKeys(corpId, app): Promise<CallbackKeys> {
      asked.keys += 1
      if (!names.includes(`${corpId}/${app}`)) throw new UnknownApp(corpId, app)
      return { corpId, app, pairs: [] }
    },
  }
  const { keysFor } = createKeyring(apps as Apps, own)
  const nameOf = async (path: string) => {
    const keys = await keysFor(path)
    return keys && `${keys.corpId}/${keys.app}`
  }
  return { names, asked, keysFor, nameOf }
}

describe('the keys of a callback address', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => vi.useRealTimers())

  it('are those of the app, of the customer-contact server, or of the corp and app that it names', async () => {
    const { nameOf } = openApps('wwown/1000002', 'wwown/contact', 'ww2/7')
    expect(await nameOf('/callback/app')).toBe('wwown/1000002')
    expect(await nameOf('/callback/app/')).toBe('wwown/1000002')
    expect(await nameOf('/callback/contact')).toBe('wwown/contact')
    expect(await nameOf('/callback/ww2/7')).toBe('ww2/7')
    expect(await nameOf('/callback/wwown/1000002')).toBe('wwown/1000002')
  })

  it('are the own app\u2019s at the customer-contact address where that has none of its own', async () => {
    expect(await openApps('wwown/1000002').nameOf('/callback/contact')).toBe('wwown/1000002')
  })

  it.each([
    '/callback',
    '/callback/',
    '/callback/other',
    '/callback/ww2/7/x',
    '/callbacks/app',
    '/',
    '/x/callback/app',
  ])('are not looked for at %s', path => {
    expect(openApps('ww2/7').keysFor(path)).toBeUndefined()
  })

  it.each([
    '/callback/ww3/7',
    '/callback/ww2/8',
    '/callback/__proto__/7',
    '/callback/%E0%A4%A/7',
    '/callback/ww%32/7',
  ])('are unknown at %s', async path => {
    await expect(openApps('ww2/7').keysFor(path)).rejects.toThrow(UnknownApp)
  })

  it('cost one look at the database a second, however many corps are guessed', async () => {
    const { asked, keysFor } = openApps('ww2/7')
    const guess = (round: number) =>
      Promise.allSettled(Array.from({ length: 1_000 }, (_, at) => keysFor(`/callback/ww${round}-${at}/7`)))
    const results = [...(await guess(1)), ...(await guess(2))]
    expect(results.every(one => one.status === 'rejected' && one.reason instanceof UnknownApp)).toBe(true)
    expect(asked).toMatchObject({ lists: 1, keys: 0 })
    vi.advanceTimersByTime(1_000)
    await guess(3)
    expect(asked).toMatchObject({ lists: 2, keys: 0 })
  })

  it('are found a second after their corp was added, and from then on without another look', async () => {
    const { names, asked, nameOf } = openApps()
    await expect(nameOf('/callback/ww2/7')).rejects.toThrow(UnknownApp)
    names.push('ww2/7')
    vi.advanceTimersByTime(999)
    await expect(nameOf('/callback/ww2/7')).rejects.toThrow(UnknownApp)
    vi.advanceTimersByTime(1)
    expect(await nameOf('/callback/ww2/7')).toBe('ww2/7')
    vi.advanceTimersByTime(50_000)
    expect(await nameOf('/callback/ww2/7')).toBe('ww2/7')
    expect(asked.lists).toBe(2)
  })

  it('cannot be told while the database is away, which is no reason to ask it more often', async () => {
    const { asked, nameOf } = openApps('ww2/7')
    asked.fails = true
    for (let at = 0; at < 3; at += 1) await expect(nameOf('/callback/ww2/7')).rejects.toThrow('no database')
    expect(asked.lists).toBe(1)
    asked.fails = false
    vi.advanceTimersByTime(1_000)
    expect(await nameOf('/callback/ww2/7')).toBe('ww2/7')
  })

  it('stay known when the database was away for a moment', async () => {
    const { asked, nameOf } = openApps('ww2/7')
    await nameOf('/callback/ww2/7')
    vi.advanceTimersByTime(60_000)
    asked.fails = true
    await expect(nameOf('/callback/ww2/7')).rejects.toThrow('no database')
    expect(await nameOf('/callback/ww2/7')).toBe('ww2/7')
    expect(asked.lists).toBe(2)
  })
})

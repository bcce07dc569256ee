import { describe, expect, it } from 'vitest'
import { type Apps, type CallbackKeys, UnknownApp } from '../apps.ts'
import { createKeyring } from './keyring.ts'

const own = { corpId: 'wwown', agentId: '1000002' }

/** Apps as `corpId/app` names. */
function openApps(...names: string[]) {
  const apps: Pick<Apps, 'callbackKeys'> = {
    async callbackKeys(corpId, app): Promise<CallbackKeys> {
      if (!names.includes(`${corpId}/${app}`)) throw new UnknownApp(corpId, app)
      return { corpId, app, pairs: [] }
    },
  }
  const { keysFor } = createKeyring(apps as Apps, own)
  const nameOf = async (path: string) => {
    const keys = await keysFor(path)
    return keys && `${keys.corpId}/${keys.app}`
  }
  return { keysFor, nameOf }
}

describe('the keys of a callback address', () => {
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
})

import { type Apps, type CallbackKeys, UnknownApp } from '../apps.ts'

/** Whose keys open what comes to an address. */
export interface Keyring {
  /**
   * The keys of a path; undefined for one that is no callback address.
   *
   * @throws UnknownApp from the promise
   */
  keysFor(path: string): Promise<CallbackKeys> | undefined
}

const address = /^\/callback\/([^/]+)(?:\/([^/]+))?\/?$/

/**
 * @param own the corp and app of the environment, behind `/callback/app` and `/callback/contact`; all others are at
 * `/callback/:corpId/:app`
 */
export function createKeyring(apps: Apps, own: { corpId: string; agentId: string }): Keyring {
  /** Where no separate customer-contact server is configured, the app's own keys are good at its address too. */
  async function contactKeys(): Promise<CallbackKeys> {
    try {
      return await apps.callbackKeys(own.corpId, 'contact')
    } catch (error) {
      if (error instanceof UnknownApp) return apps.callbackKeys(own.corpId, own.agentId)
      throw error
    }
  }

  return {
    keysFor(path) {
      // Nearly all that comes.
      if (path === '/callback/app') return apps.callbackKeys(own.corpId, own.agentId)
      const [, first, second] = address.exec(path) ?? []
      if (first === undefined) return undefined
      if (second !== undefined) return apps.callbackKeys(first, second)
      if (first === 'app') return apps.callbackKeys(own.corpId, own.agentId)
      return first === 'contact' ? contactKeys() : undefined
    },
  }
}

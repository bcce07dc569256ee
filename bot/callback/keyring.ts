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

/** A corp that is not there yet is looked for this often, in milliseconds, whoever asks and for however many. */
const unknownMs = 1_000
/** A corp that was there is there for this long. */
const knownMs = 60_000

const address = /^\/callback\/([^/]+)(?:\/([^/]+))?\/?$/

/**
 * @param own the corp and app of the environment, behind `/callback/app` and `/callback/contact`; all others are at
 * `/callback/:corpId/:app`
 */
export function createKeyring(apps: Apps, own: { corpId: string; agentId: string }): Keyring {
  const corps = createKnownCorps(apps)

  /** Where no separate customer-contact server is configured, the app's own keys are good at its address too. */
  async function contactKeys(): Promise<CallbackKeys> {
    try {
      return await apps.callbackKeys(own.corpId, 'contact')
    } catch (error) {
      if (error instanceof UnknownApp) return apps.callbackKeys(own.corpId, own.agentId)
      throw error
    }
  }

  async function keysOf(corpId: string, app: string): Promise<CallbackKeys> {
    if (corpId !== own.corpId && !(await corps.has(corpId))) throw new UnknownApp(corpId, app)
    return apps.callbackKeys(corpId, app)
  }

  return {
    keysFor(path) {
      // Nearly all that comes.
      if (path === '/callback/app') return apps.callbackKeys(own.corpId, own.agentId)
      const [, first, second] = address.exec(path) ?? []
      if (first === undefined) return undefined
      if (second !== undefined) return keysOf(first, second)
      if (first === 'app') return apps.callbackKeys(own.corpId, own.agentId)
      return first === 'contact' ? contactKeys() : undefined
    },
  }
}

/** All corps by one look at the database, so that guessing their names costs it nothing. */
function createKnownCorps(apps: Apps): { has(corpId: string): Promise<boolean> } {
  let known: ReadonlySet<string> = new Set()
  let reading: Promise<void> = Promise.resolve()
  let readAt = Number.NEGATIVE_INFINITY

  async function read(): Promise<void> {
    known = new Set(await apps.corpIds())
  }

  return {
    async has(corpId) {
      // Not the time of day, which may be set back.
      const now = performance.now()
      const isKnown = known.has(corpId)
      if (isKnown && now - readAt < knownMs) return true
      if (isKnown || now - readAt >= unknownMs) {
        readAt = now
        reading = read()
      }
      await reading
      return known.has(corpId)
    },
  }
}

import type { Corp, CorpApp } from '../models/corp.ts'
import type { Models } from '../models/models.ts'
import type { SecretBox } from '../models/secrets.ts'
import type { AppClient, Wecom } from './wecom/client.ts'

/** No such corp, or the corp has no such app. */
export class UnknownApp extends Error {
  readonly code = 'unknown_app'
  constructor(corpId: string, app?: string) {
    super(`no app ${app ?? ''} of corp ${corpId} is known here`)
    this.name = 'UnknownApp'
  }
}

/** Token and EncodingAESKey, which are rotated together. */
export interface CallbackKeyPair {
  token: string
  aesKey: string
}

export interface CallbackKeys {
  corpId: string
  /** Agent id or `contact`. */
  app: string
  /** The current pair first, then the one before it as long as it is still taken. */
  pairs: readonly CallbackKeyPair[]
}

/** The corps and apps of the database, with their secrets opened. */
export interface Apps {
  corp(corpId: string): Promise<Corp>
  corpIds(): Promise<string[]>
  /** The client of this app; without one, of the corp's own (see `createApps`), else of its first. @throws UnknownApp */
  client(corpId: string, agentId?: string): Promise<AppClient>
  /** @throws UnknownApp */
  callbackKeys(corpId: string, app: string): Promise<CallbackKeys>
}

/** An app of a corp, in the open. */
export interface PlainApp {
  app: string
  secret?: string
  token: string
  aesKey: string
}

/** How long what was read of a corp is used before it is read again, in milliseconds. */
const rereadMs = 5_000

/**
 * Reads corps when they are asked for and keeps them for some seconds.
 *
 * @param own the app of the environment, which speaks for its corp whatever else is stored
 */
export function createApps(
  models: Models,
  secrets: SecretBox,
  wecom: Wecom,
  own?: { corpId: string; agentId: string },
): Apps {
  const corps = new Map<string, { corp: Corp; readAt: number }>()
  const clients = new Map<string, AppClient>()
  const opened = new WeakMap<CorpApp, CallbackKeys>()

  async function corp(corpId: string): Promise<Corp> {
    const known = corps.get(corpId)
    if (known !== undefined && Date.now() - known.readAt < rereadMs) return known.corp
    const found = await models.corps.findOne({ corpId }).lean()
    if (found === null) throw new UnknownApp(corpId)
    corps.set(corpId, { corp: found, readAt: Date.now() })
    return found
  }

  function openPair(corpId: string, { app, callback }: CorpApp): CallbackKeyPair {
    return {
      token: secrets.open(placeOf(corpId, app, 'token'), callback.token),
      aesKey: secrets.open(placeOf(corpId, app, 'aesKey'), callback.aesKey),
    }
  }

  return {
    corp,
    corpIds: async () => {
      const all = await models.corps.find({}, { corpId: 1 }).sort({ corpId: 1 }).lean()
      return all.map(one => one.corpId)
    },
    async client(corpId, agentId = own?.corpId === corpId ? own.agentId : undefined) {
      const { apps } = await corp(corpId)
      const main = apps.find(one => one.secret !== undefined && (agentId ?? one.app) === one.app)
      if (main?.secret === undefined) throw new UnknownApp(corpId, agentId)
      // The sealed text changes with every new secret, and so does the client.
      const key = `${corpId}:${main.app}:${main.secret}`
      const client =
        clients.get(key) ??
        wecom.app({
          corpId,
          agentId: main.app,
          secret: secrets.open(placeOf(corpId, main.app, 'secret'), main.secret),
        })
      clients.set(key, client)
      return client
    },
    async callbackKeys(corpId, app) {
      const found = (await corp(corpId)).apps.find(one => one.app === app)
      if (found === undefined) throw new UnknownApp(corpId, app)
      // Every callback asks for them: what was read of the corp is opened once.
      const keys = opened.get(found) ?? { corpId, app, pairs: [openPair(corpId, found)] }
      opened.set(found, keys)
      return keys
    },
  }
}

/**
 * Writes a corp with its apps, secrets sealed; other apps of the corp stay. Secrets that have not changed keep their
 * sealed form, so that nothing is made anew at every start.
 */
export async function saveCorp(
  models: Models,
  secrets: SecretBox,
  corp: { corpId: string; name: string; apps: readonly PlainApp[] },
): Promise<void> {
  const { corpId } = corp
  const known = await models.corps.findOne({ corpId }).lean()
  const sealed = corp.apps.map(app =>
    seal(
      secrets,
      corpId,
      app,
      known?.apps.find(one => one.app === app.app),
    ),
  )
  const before = known?.apps ?? []
  const isNew = (app: CorpApp): boolean => !before.some(one => one.app === app.app)
  // Each keeps its place: the first one speaks for a corp that the environment does not name.
  const apps = [...before.map(one => sealed.find(app => app.app === one.app) ?? one), ...sealed.filter(isNew)]
  await models.corps.updateOne(
    { corpId },
    { $set: { apps, updatedAt: new Date() }, $setOnInsert: { name: corp.name } },
    { upsert: true, setDefaultsOnInsert: true },
  )
}

function seal(secrets: SecretBox, corpId: string, app: PlainApp, known: CorpApp | undefined): CorpApp {
  const keep = (what: string, plain: string, old: string | undefined): string => {
    const place = placeOf(corpId, app.app, what)
    return old !== undefined && opens(secrets, place, old) === plain ? old : secrets.seal(place, plain)
  }
  return {
    app: app.app,
    ...(app.secret !== undefined && { secret: keep('secret', app.secret, known?.secret) }),
    callback: {
      token: keep('token', app.token, known?.callback.token),
      aesKey: keep('aesKey', app.aesKey, known?.callback.aesKey),
    },
  }
}

/** What was sealed with a key that is gone cannot be read, but can be replaced. */
function opens(secrets: SecretBox, place: string, sealed: string): string | undefined {
  try {
    return secrets.open(place, sealed)
  } catch {
    return undefined
  }
}

function placeOf(corpId: string, app: string, what: string): string {
  return `corp:${corpId}:${app}:${what}`
}

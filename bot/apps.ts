import type { Logger } from 'pino'
import { type Corp, type CorpApp, type SealedCallbackKeys, sealPlace } from '../models/corp.ts'
import { inTime } from '../models/in-time.ts'
import type { Models } from '../models/models.ts'
import { robotPlace } from '../models/robot.ts'
import { opens, type SecretBox } from '../models/secrets.ts'
import { soundTimeZone } from '../models/time-zone.ts'
import type { AppClient, Wecom } from './wecom/client.ts'
import type { Robot } from './wecom/robot.ts'

/** No such corp, or the corp has no such app. */
export class UnknownApp extends Error {
  readonly code = 'unknown_app'
  constructor(corpId: string, app?: string) {
    super(`no app ${app ?? ''} of corp ${corpId} is known here`)
    this.name = 'UnknownApp'
  }
}

/** Token and EncodingAESKey of a callback address; they are changed together. */
export interface CallbackKeyPair {
  token: string
  aesKey: string
}

export interface CallbackKeys {
  corpId: string
  /** Agent id or `contact`. */
  app: string
  /** The current one first, then what it was before, while that is still taken. At least one. */
  pairs: readonly CallbackKeyPair[]
}

/** The corps and apps of the database, with their secrets opened. */
export interface Apps {
  corp(corpId: string): Promise<Corp>
  corpIds(): Promise<string[]>
  /** The client of this app; without one, of the corp's own (see `createApps`), else of its first. @throws UnknownApp */
  client(corpId: string, agentId?: string): Promise<AppClient>
  /** The corp's robot of this name; undefined where there is none. */
  robot(corpId: string, name: string): Promise<Robot | undefined>
  /** @throws UnknownApp */
  callbackKeys(corpId: string, app: string): Promise<CallbackKeys>
}

/** What the environment says of its corp. */
export interface OwnApp {
  corpId: string
  agentId: string
  /** By app: a pair that an instance was started with is taken by it, whatever was stored since. */
  callbacks?: Readonly<Record<string, CallbackKeyPair>>
}

interface KnownCorp {
  corp: Corp
  readAt: number
}

/** A callback waits for nothing longer than this before its signature can be checked. */
const readMs = 1_000
/** How long what was read of a corp is used before it is read again, in milliseconds. */
const rereadMs = 5_000
/** Whoever asks for corps that there are not costs one look at the list of all of them in this time. */
const relistMs = 2_000

/**
 * Reads corps when they are asked for and keeps them for some seconds.
 *
 * @param own the app of the environment, which speaks for its corp whatever else is stored
 * @param log told once of a time zone that there is not; the usual one stands in for it
 */
export function createApps(
  models: Models,
  secrets: SecretBox,
  wecom: Wecom,
  own?: OwnApp,
  log?: Pick<Logger, 'warn'>,
): Apps {
  const corps = new Map<string, KnownCorp>()
  const clients = new Map<string, { sealed: string; client: AppClient }>()
  const opened = new WeakMap<CorpApp, CallbackKeys>()
  const reading = new Map<string, Promise<Corp>>()
  const badZones = new Map<string, unknown>()
  let list = { ids: new Set<string>(), readAt: Number.NEGATIVE_INFINITY }
  let listing: Promise<void> | undefined

  async function corpIds(): Promise<string[]> {
    const all = await inTime(readMs, models.corps.find({}, { corpId: 1 }).sort({ corpId: 1 }).lean().exec())
    return all.map(one => one.corpId)
  }

  async function isListed(corpId: string): Promise<boolean> {
    if (!list.ids.has(corpId) && Date.now() - list.readAt >= relistMs) {
      listing ??= corpIds()
        .then(ids => {
          list = { ids: new Set(ids), readAt: Date.now() }
        })
        .finally(() => {
          listing = undefined
        })
      await listing
    }
    return list.ids.has(corpId)
  }

  async function read(corpId: string): Promise<Corp> {
    if (!(await isListed(corpId))) throw new UnknownApp(corpId)
    const found = await inTime(readMs, models.corps.findOne({ corpId }).lean().exec())
    if (found === null) {
      list.ids.delete(corpId)
      corps.delete(corpId)
      throw new UnknownApp(corpId)
    }
    const corp = withSoundZone(found)
    corps.set(corpId, { corp, readAt: Date.now() })
    return corp
  }

  /** Times of day are everywhere: a name that no clock knows would have each event and schedule of the corp fail. */
  function withSoundZone(found: Corp): Corp {
    const { corpId, timeZone } = found
    const sound = soundTimeZone(timeZone)
    if (sound === timeZone) badZones.delete(corpId)
    else if (badZones.get(corpId) !== timeZone) {
      badZones.set(corpId, timeZone)
      log?.warn(
        { corpId, timeZone, used: sound },
        'there is no such time zone: sidekick corp set --time-zone',
      )
    }
    return { ...found, timeZone: sound }
  }

  async function corp(corpId: string): Promise<Corp> {
    const known = corps.get(corpId)
    if (known !== undefined && Date.now() - known.readAt < rereadMs) return known.corp
    const running = reading.get(corpId) ?? readOrKeep(corpId, known).finally(() => reading.delete(corpId))
    reading.set(corpId, running)
    return running
  }

  /** While the database is away a corp is what it was, and looked for again after a second. */
  async function readOrKeep(corpId: string, known: KnownCorp | undefined): Promise<Corp> {
    try {
      return await read(corpId)
    } catch (error) {
      if (known === undefined || error instanceof UnknownApp) throw error
      known.readAt = Date.now() - rereadMs + readMs
      return known.corp
    }
  }

  function pairsOf(corpId: string, { app, callback, previous = [] }: CorpApp): CallbackKeyPair[] {
    const placeOf = (what: 'token' | 'aesKey'): string => sealPlace(corpId, app, what)
    const openPair = (sealed: SealedCallbackKeys): CallbackKeyPair => ({
      token: secrets.open(placeOf('token'), sealed.token),
      aesKey: secrets.open(placeOf('aesKey'), sealed.aesKey),
    })
    const pairs = [openPair(callback)]
    for (const one of previous) {
      // One from before the key was lost can no longer be read, and is none of the current one's business.
      if (one.until.getTime() > Date.now() && opens(secrets, placeOf('token'), one.token) !== undefined)
        pairs.push(openPair(one))
    }
    const given = own?.corpId === corpId ? own.callbacks?.[app] : undefined
    if (given !== undefined && !pairs.some(one => isSamePair(one, given))) pairs.push(given)
    return pairs
  }

  return {
    corp,
    corpIds,
    async client(corpId, agentId = own?.corpId === corpId ? own.agentId : undefined) {
      const { apps } = await corp(corpId)
      const main = apps.find(one => one.secret !== undefined && (agentId ?? one.app) === one.app)
      if (main?.secret === undefined) throw new UnknownApp(corpId, agentId)
      const key = `${corpId}:${main.app}`
      const known = clients.get(key)
      // The sealed text changes with every secret that is given, and so does the client.
      if (known?.sealed === main.secret) return known.client
      const secret = secrets.open(sealPlace(corpId, main.app, 'secret'), main.secret)
      const client = wecom.app({ corpId, agentId: main.app, secret })
      clients.set(key, { sealed: main.secret, client })
      // The same secret given once more is an operator's word that it is right.
      if (known !== undefined) await client.resume()
      return client
    },
    async robot(corpId, name) {
      const found = await models.robots.findOne({ corpId, name }).lean()
      if (found === null) return undefined
      return wecom.robot({ corpId, key: secrets.open(robotPlace(corpId, name), found.key) })
    },
    async callbackKeys(corpId, app) {
      const found = (await corp(corpId)).apps.find(one => one.app === app)
      if (found === undefined) throw new UnknownApp(corpId, app)
      // Every callback asks for them: what was read of the corp is opened once.
      const keys = opened.get(found) ?? { corpId, app, pairs: pairsOf(corpId, found) }
      opened.set(found, keys)
      return keys
    },
  }
}

/** Whether two pairs are the same in both parts. */
export function isSamePair(one: CallbackKeyPair, other: CallbackKeyPair): boolean {
  return one.token === other.token && one.aesKey === other.aesKey
}

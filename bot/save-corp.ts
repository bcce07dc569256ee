import { type Corp, type CorpApp, sealPlace } from '../models/corp.ts'
import { isDuplicateKey } from '../models/lock.ts'
import type { Models } from '../models/models.ts'
import { opens, type SecretBox } from '../models/secrets.ts'
import { type CallbackKeyPair, UnknownApp } from './apps.ts'
import { isSealedPair, type PlainApp, sealAnew, withPair } from './sealed-apps.ts'
import { credentialsKey } from './wecom/tokens.ts'

/** What a start found to be older than what is stored, and so left alone. */
export interface Behind {
  app: string
  what: 'secret' | 'callback keys'
}

/** How long a callback pair is taken after it was replaced, unless somebody says otherwise, in milliseconds. */
export const overlapMs = 24 * 60 * 60 * 1000

/**
 * Writes a corp with its apps as the environment gives them, secrets sealed; other apps of the corp stay. Secrets that
 * have not changed keep their sealed form, so that nothing is made anew at every start.
 *
 * A callback pair that has changed becomes the current one, and what was current is taken for another 24 h. One that
 * was current before is not brought back: whoever starts with it has settings of yesterday, and takes it for itself
 * alone (`OwnApp`). A secret is not brought back while the stored one has a token that is good.
 *
 * @returns what was not brought back, for the log
 */
export async function saveCorp(
  models: Models,
  secrets: SecretBox,
  corp: { corpId: string; name: string; apps: readonly PlainApp[] },
): Promise<Behind[]> {
  const { corpId, name } = corp
  let behind: Behind[] = []
  await changeCorp(models, corpId, name, async before => {
    behind = []
    const apps = [...before]
    for (const app of corp.apps) {
      const at = before.findIndex(one => one.app === app.app)
      const merged = await merge(models, secrets, corpId, app, before[at])
      behind.push(...merged.behind)
      // Each keeps its place: the first one speaks for a corp that the environment does not name.
      if (at === -1) apps.push(merged.app)
      else apps[at] = merged.app
    }
    return apps
  })
  return behind
}

/**
 * Adds an app, and its corp where that is new.
 *
 * @returns whether the corp is new
 * @throws AppExists
 */
export async function addApp(
  models: Models,
  secrets: SecretBox,
  { corpId, name, app }: { corpId: string; name: string; app: PlainApp },
): Promise<boolean> {
  return changeCorp(models, corpId, name, async before => {
    if (before.some(one => one.app === app.app)) throw new AppExists(corpId, app.app)
    return [...before, sealAnew(secrets, corpId, app)]
  })
}

/** The app is stored already. */
export class AppExists extends Error {
  readonly code = 'app_exists'
  constructor(corpId: string, app: string) {
    super(`${corpId} has an app ${app} already; corp rotate changes its keys and its secret`)
    this.name = 'AppExists'
  }
}

/** Gives an app new callback keys; the present ones are taken until `until`. @throws UnknownApp */
export async function rotateCallback(
  models: Models,
  secrets: SecretBox,
  which: { corpId: string; app: string },
  pair: CallbackKeyPair,
  until: Date,
): Promise<void> {
  await changeApp(models, which, stored => withPair(secrets, which.corpId, stored, pair, until))
}

/**
 * Gives an app its secret, sealed anew even where it is the same, and ends the tokens of the app and what the
 * platform refused them for: running instances ask for one again as soon as they have read the corp.
 *
 * @throws UnknownApp
 */
export async function rotateSecret(
  models: Models,
  secrets: SecretBox,
  which: { corpId: string; app: string },
  secret: string,
): Promise<void> {
  const { corpId, app } = which
  const sealed = secrets.seal(sealPlace(corpId, app, 'secret'), secret)
  await changeApp(models, which, stored => ({ ...stored, secret: sealed }))
  // `;` follows `:`, so these are all keys of the app, of whatever secret and kind. That there was a token stays known,
  // because it tells which secrets are former ones.
  const all = { _id: { $gte: `${corpId}:${app}:`, $lt: `${corpId}:${app};` } }
  await models.tokens.updateMany(all, { $unset: { refusal: 1 } })
  const over = new Date(0)
  await models.tokens.updateMany(
    { ...all, value: { $ne: null } },
    { $set: { expiresAt: over, refreshAt: over } },
  )
}

/** Whether what is stored was sealed with this key; without any corp every key is right. */
export async function isSealedWith(models: Models, secrets: SecretBox): Promise<boolean> {
  const [corp] = await models.corps.find({}, { corpId: 1, apps: 1 }).sort({ corpId: 1 }).limit(1).lean()
  const app = corp?.apps[0]
  if (corp === undefined || app === undefined) return true
  return opens(secrets, sealPlace(corp.corpId, app.app, 'token'), app.callback.token) !== undefined
}

async function changeApp(
  models: Models,
  { corpId, app }: { corpId: string; app: string },
  change: (stored: CorpApp) => CorpApp,
): Promise<void> {
  await changeCorp(models, corpId, corpId, async before => {
    if (!before.some(one => one.app === app)) throw new UnknownApp(corpId, app)
    return before.map(one => (one.app === app ? change(one) : one))
  })
}

/**
 * Writes the apps of a corp as `change` makes them of those that there are, and nothing in between: instances that start
 * and the operator's tool may do so at the same time.
 *
 * @returns whether the corp was made
 */
async function changeCorp(
  models: Models,
  corpId: string,
  name: string,
  change: (before: CorpApp[]) => Promise<CorpApp[]>,
): Promise<boolean> {
  for (;;) {
    const known: Corp | null = await models.corps.findOne({ corpId }).lean()
    const apps = await change(known?.apps ?? [])
    const was = known?.updatedAt
    const updatedAt = new Date(Math.max(Date.now(), (was?.getTime() ?? 0) + 1))
    try {
      const { matchedCount, upsertedCount } = await models.corps.updateOne(
        { corpId, updatedAt: was ?? { $exists: false } },
        { $set: { apps, updatedAt }, $setOnInsert: { name } },
        { upsert: known === null, setDefaultsOnInsert: true },
      )
      if (matchedCount + upsertedCount === 1) return known === null
    } catch (error) {
      // Somebody else has made it in this moment.
      if (!isDuplicateKey(error)) throw error
    }
  }
}

async function merge(
  models: Models,
  secrets: SecretBox,
  corpId: string,
  given: PlainApp,
  stored: CorpApp | undefined,
): Promise<{ app: CorpApp; behind: Behind[] }> {
  if (stored === undefined) return { app: sealAnew(secrets, corpId, given), behind: [] }
  const behind: Behind[] = []
  let app = stored
  if (given.secret !== undefined) {
    const place = sealPlace(corpId, given.app, 'secret')
    const known = stored.secret === undefined ? undefined : opens(secrets, place, stored.secret)
    if (await isFormerSecret(models, corpId, given, known)) behind.push({ app: given.app, what: 'secret' })
    else if (known !== given.secret) app = { ...app, secret: secrets.seal(place, given.secret) }
  }
  if ((stored.previous ?? []).some(one => isSealedPair(secrets, corpId, given.app, one, given)))
    behind.push({ app: given.app, what: 'callback keys' })
  else app = withPair(secrets, corpId, app, given, new Date(Date.now() + overlapMs))
  return { app, behind }
}

/**
 * Whether the secret is one that had a token before, while the stored one has one that is good: the platform ends the old
 * secret as soon as it makes a new one, so that nobody goes back on purpose.
 */
async function isFormerSecret(
  models: Models,
  corpId: string,
  { app: agentId, secret = '' }: PlainApp,
  stored: string | undefined,
): Promise<boolean> {
  if (stored === undefined || stored === secret) return false
  const tokenOf = (one: string) =>
    models.tokens.findById(credentialsKey({ corpId, agentId, secret: one })).lean()
  const [former, present] = await Promise.all([tokenOf(secret), tokenOf(stored)])
  const isGood = present?.value !== undefined && (present.expiresAt?.getTime() ?? 0) > Date.now()
  return isGood && former?.value !== undefined
}

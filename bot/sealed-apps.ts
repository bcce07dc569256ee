import type { AppSettings } from '../config.ts'
import { type CorpApp, sealPlace } from '../models/corp.ts'
import { opens, type SecretBox } from '../models/secrets.ts'
import { type CallbackKeyPair, isSamePair } from './apps.ts'

/** An app of a corp, in the open. */
export interface PlainApp extends CallbackKeyPair {
  app: string
  secret?: string
}

/** The apps that the environment names, the app itself first. */
export function plainApps(app: AppSettings): PlainApp[] {
  const main = { app: app.agentId, secret: app.secret, ...app.callback }
  return app.contact === undefined ? [main] : [main, { app: 'contact', ...app.contact }]
}

/** This many former callback pairs are remembered. */
const rememberedMax = 3

/** Whether this is the pair that was sealed. */
export function isSealedPair(
  secrets: SecretBox,
  corpId: string,
  app: string,
  sealed: { token: string; aesKey: string },
  pair: CallbackKeyPair,
): boolean {
  const token = opens(secrets, sealPlace(corpId, app, 'token'), sealed.token)
  const aesKey = opens(secrets, sealPlace(corpId, app, 'aesKey'), sealed.aesKey)
  return token !== undefined && aesKey !== undefined && isSamePair({ token, aesKey }, pair)
}

/** The app with this pair as its current one; the one it had is taken until then. */
export function withPair(
  secrets: SecretBox,
  corpId: string,
  app: CorpApp,
  pair: CallbackKeyPair,
  until: Date,
): CorpApp {
  const keep = (what: 'token' | 'aesKey'): string => {
    const place = sealPlace(corpId, app.app, what)
    const old = app.callback[what]
    return opens(secrets, place, old) === pair[what] ? old : secrets.seal(place, pair[what])
  }
  const callback = { token: keep('token'), aesKey: keep('aesKey') }
  if (callback.token === app.callback.token && callback.aesKey === app.callback.aesKey) return app
  // None is taken for longer than the one that came after it.
  const former = (app.previous ?? [])
    .filter(one => !isSealedPair(secrets, corpId, app.app, one, pair))
    .map(one => (one.until > until ? { ...one, until } : one))
  const place = sealPlace(corpId, app.app, 'token')
  // What was sealed with a key that is gone can be replaced, and not be taken any more.
  const readable = [{ ...app.callback, until }, ...former].filter(
    one => opens(secrets, place, one.token) !== undefined,
  )
  const { previous: _previous, ...rest } = app
  const previous = readable.slice(0, rememberedMax)
  return { ...rest, callback, ...(previous.length > 0 && { previous }) }
}

/** A new app, with nothing before it. */
export function sealAnew(
  secrets: SecretBox,
  corpId: string,
  { app, secret, token, aesKey }: PlainApp,
): CorpApp {
  const seal = (what: 'secret' | 'token' | 'aesKey', plain: string): string =>
    secrets.seal(sealPlace(corpId, app, what), plain)
  return {
    app,
    ...(secret !== undefined && { secret: seal('secret', secret) }),
    callback: { token: seal('token', token), aesKey: seal('aesKey', aesKey) },
  }
}

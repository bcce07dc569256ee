import { type Signature, type SignatureRequest, staffHeader } from '../api.ts'
import { profilePath } from './addresses.ts'
import { readBoot } from './boot.ts'
import { SdkError } from './sdk-error.ts'
import type { Started } from './started.ts'
import { createWecom, type Where } from './wecom.ts'

const signatureMs = 8_000
const profileMs = 30_000
/** How long what was asked for ahead is good for somebody who comes for it. */
const freshMs = 5_000

function endAfter(ms: number): AbortSignal {
  const abort = new AbortController()
  setTimeout(() => abort.abort(), ms)
  return abort.signal
}

const boot = readBoot()
if (boot !== null) {
  const headers = { [staffHeader]: boot.me.userid }
  let loggedOut = false
  let tell = () => {}
  const wecom = createWecom(boot, async (request: SignatureRequest) => {
    const response = await fetch('/sidebar/api/signature', {
      signal: endAfter(signatureMs),
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(request),
    }).catch((error: unknown) => {
      throw new SdkError('unsigned', `signature:${String(error)}`)
    })
    if (response.status === 401) {
      loggedOut = true
      tell()
    }
    if (!response.ok) throw new SdkError('unsigned', `signature:${response.status}`)
    return (await response.json()) as Signature
  })
  const ahead = new Map<string, Promise<Response>>()
  let first: Promise<Where> | undefined
  if (wecom.inside) {
    first = wecom.where()
    first.then(
      here => {
        if (here.kind !== 'customer') return
        const address = profilePath(here.externalUserid)
        const response = fetch(address, { headers, signal: endAfter(profileMs) })
        // Whoever takes it hears of a failure; nobody may.
        response.catch(() => {})
        ahead.set(address, response)
        setTimeout(() => ahead.delete(address), freshMs)
      },
      () => {},
    )
  }
  const started: Started = {
    boot,
    begunAt: performance.now(),
    wecom: {
      ...wecom,
      where() {
        const asked = first ?? wecom.where()
        first = undefined
        return asked
      },
    },
    taken(address) {
      const response = ahead.get(address)
      ahead.delete(address)
      return response
    },
    onLoggedOut(listener) {
      tell = listener
      if (loggedOut) listener()
    },
  }
  Object.assign(globalThis, { sidekick: started })
}

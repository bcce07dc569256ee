import { type Signature, type SignatureRequest, staffHeader } from '../api.ts'
import { profilePath } from './addresses.ts'
import { readBoot } from './boot.ts'
import type { Started } from './started.ts'
import { createWecom, type Where } from './wecom.ts'

const boot = readBoot()
if (boot !== null) {
  const headers = { [staffHeader]: boot.me.userid }
  let loggedOut = false
  let tell = () => {}
  const wecom = createWecom(boot, async (request: SignatureRequest) => {
    const response = await fetch('/sidebar/api/signature', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(request),
    })
    if (response.status === 401) {
      loggedOut = true
      tell()
    }
    if (!response.ok) throw new Error(`no signature: ${response.status}`)
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
        const response = fetch(address, { headers })
        // Whoever takes it hears of a failure; nobody may.
        response.catch(() => {})
        ahead.set(address, response)
      },
      () => {},
    )
  }
  const started: Started = {
    boot,
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

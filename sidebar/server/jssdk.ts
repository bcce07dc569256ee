import { createHash, randomBytes } from 'node:crypto'
import { WecomError, WecomNetworkError } from '../../bot/wecom/errors.ts'
import type { Signature, SignatureRequest } from '../api.ts'
import type { SidebarDeps } from './deps.ts'
import { Refused } from './refusals.ts'

/** The JS-SDK's signature of a page (`path/90506`): raw values, the address without its hash. */
export function signatureOf(parts: {
  ticket: string
  nonceStr: string
  /** Unix seconds. */
  timestamp: number
  url: string
}): string {
  const { ticket, nonceStr, timestamp, url } = parts
  return createHash('sha1')
    .update(`jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`)
    .digest('hex')
}

/** @throws Refused for an address that is not the sidebar's; what the platform answers to the look-up of the ticket */
export async function signPage(
  deps: SidebarDeps,
  { url, kind }: SignatureRequest,
  signal?: AbortSignal,
): Promise<Signature> {
  const page = ownPage(deps.origin, url)
  if (page === undefined) throw new Refused('foreign_origin')
  const ticket = await (await deps.client()).ticket(kind, signal)
  const nonceStr = randomBytes(12).toString('hex')
  const timestamp = Math.floor(deps.now().getTime() / 1000)
  return { timestamp, nonceStr, signature: signatureOf({ ticket, nonceStr, timestamp, url: page }) }
}

/** How long the page waits for a ticket that is not at hand; it can ask for a signature itself. */
const patienceMs = 800

/** The signature for the page that is being sent; null where the ticket cannot be had, which must not stop the page. */
export async function signBoot(deps: SidebarDeps, url: string): Promise<Signature | null> {
  const patience = AbortSignal.timeout(patienceMs)
  try {
    return await signPage(deps, { url, kind: 'agent' }, patience)
  } catch (error) {
    if (error instanceof Refused) return null
    const known = error instanceof WecomError || error instanceof WecomNetworkError
    if (!known && !patience.aborted) throw error
    warnOfTicket(deps, error)
    return null
  }
}

const warnEveryMs = 60_000
const warnedAt = new WeakMap<SidebarDeps, number>()

/** Without a signature the page can do nothing with the chat; whoever runs this sees why, once a minute. */
function warnOfTicket(deps: SidebarDeps, error: unknown): void {
  if (Date.now() - (warnedAt.get(deps) ?? 0) < warnEveryMs) return
  warnedAt.set(deps, Date.now())
  deps.log.warn({ err: error }, 'the sidebar is sent without a signature: there is no JS-SDK ticket')
}

/** The address as browsers write it, without the hash; undefined unless it is a page of the sidebar. */
function ownPage(origin: string, url: string): string | undefined {
  const page = url.split('#')[0] ?? ''
  const own = page.startsWith(`${origin}/sidebar/`) && URL.canParse(page) && new URL(page).href === page
  return own ? page : undefined
}

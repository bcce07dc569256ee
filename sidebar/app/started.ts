import type { Boot } from '../api.ts'
import type { Wecom } from './wecom.ts'

/**
 * What `start.ts` has begun while the page itself was still on its way. It is a script of its own that stands in the
 * HTML, so that the question which customer this is, and the request for the profile, wait for nothing; what follows
 * finds it as `globalThis.sidekick`.
 */
export interface Started {
  boot: Boot
  wecom: Wecom
  /** The answer to this request, if it was sent ahead a moment ago; once. */
  taken(address: string): Promise<Response> | undefined
  /** Milliseconds on the page's clock. */
  begunAt: number
  /** Called when a signature is refused because nobody is logged in any more; at once if that has happened. */
  onLoggedOut(listener: () => void): void
}

/** Undefined where the page came without what it is born with. */
export function readStarted(): Started | undefined {
  return (globalThis as { sidekick?: Started }).sidekick
}

import { computed, signal } from '@preact/signals'

/** The session is over; the page shows nothing else then. */
export const loggedOut = signal(false)
/** The last request got through to the server. */
const reachable = signal(true)
const online = signal(true)
/** WeCom gave no answer when it was last needed for a customer: what we hold can be read and not changed. */
export const platformFailing = signal(false)

export const offline = computed(() => !online.value || !reachable.value)

/** The server answered, or could not be reached. An answer counts for more than the browser's own word. */
export function heard(answered: boolean): void {
  reachable.value = answered
  if (answered) online.value = true
}

const firstProbeMs = 2000
const lastProbeMs = 30_000

/**
 * Follows the browser's own word, and where only our server is out of reach asks it again, ever more seldom.
 * `probe` is any cheap request; `onReturn` is called when the connection is back.
 */
export function watchConnection(probe: () => Promise<unknown>, onReturn: () => void): void {
  let waiting: ReturnType<typeof setTimeout> | undefined
  const ask = (afterMs: number) => {
    waiting = setTimeout(() => {
      probe().catch(() => {
        if (offline.value) ask(Math.min(afterMs * 2, lastProbeMs))
      })
    }, afterMs)
  }
  online.value = navigator.onLine
  addEventListener('online', () => {
    online.value = true
    // A request made while the browser knew it was offline says nothing about the server.
    reachable.value = true
  })
  addEventListener('offline', () => {
    online.value = false
  })
  let was = offline.value
  offline.subscribe(is => {
    if (is === was) return
    was = is
    clearTimeout(waiting)
    if (is) ask(firstProbeMs)
    else onReturn()
  })
}

import { signal } from '@preact/signals'

/** Good enough for "5 minutes ago". */
export const now = signal(Date.now())

export function watchClock(): void {
  const tick = () => {
    now.value = Date.now()
  }
  setInterval(tick, 60_000)
  document.addEventListener('visibilitychange', tick)
}

import { signal } from '@preact/signals'
import { locate, place } from './place.ts'
import type { Wecom } from './wecom.ts'

const restMs = 3000

/** Rises when what is shown should be read anew. */
export const returns = signal(0)

/**
 * Another chat may be open by now, and this one may have changed; what is shown stays until there is news.
 *
 * @param data false where the chat's data has been read a moment ago
 */
export async function rereadPlace(wecom: Wecom, data = true): Promise<void> {
  const before = place.value
  await locate(wecom)
  // Another place is read because it is another one.
  if (data && place.value === before) returns.value++
}

/** Reads anew when somebody comes back to the page. */
export function watchReturn(wecom: Wecom): void {
  let last = Date.now()
  const back = () => {
    if (document.visibilityState !== 'visible' || !wecom.inside) return
    const due = Date.now() - last >= restMs
    if (due) last = Date.now()
    void rereadPlace(wecom, due)
  }
  document.addEventListener('visibilitychange', back)
  // On a desktop the page stays visible beside the chat.
  addEventListener('focus', back)
}

import type { LimitStore, Window } from './store.ts'

/** So many members are asked for at once. */
const AT_ONCE = 50

/**
 * Counts a notice to each of these members of whom there is room for one in the window, and waits for nobody.
 *
 * @param app whose notices are counted, as `corp:agent`
 * @returns the members who may get it now
 */
export async function claimNotices(
  deps: { store: LimitStore; window: Window },
  app: string,
  userids: readonly string[],
): Promise<string[]> {
  const { store, window } = deps
  const free: string[] = []
  for (let at = 0; at < userids.length; at += AT_ONCE) {
    const some = userids.slice(at, at + AT_ONCE)
    const claims = await Promise.all(
      some.map(userid => store.claim(`notice:${app}:${userid.toLowerCase()}`, [window])),
    )
    free.push(...some.filter((_, index) => 'at' in (claims[index] ?? {})))
  }
  return free
}

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { NewNote, Profile, TimelinePage, TimelineRow } from '../api.ts'
import type { Change } from './customer-changes.ts'
import { CallError, get, mayPass, post, reasonOf } from './http.ts'
import { newKey } from './key.ts'
import type { StateName } from './states/table.ts'
import { texts } from './texts/first.ts'
import { withNewest, withOlder } from './timeline.ts'
import { show, type Toast } from './toast.ts'

export interface Customer {
  externalUserid: string
  /** What the server said, with the changes that are still under way. */
  profile: ReadonlySignal<Profile | null>
  trouble: Signal<StateName | null>
  /** WeCom is being asked, because we don't know the customer yet. */
  asking: Signal<boolean>
  timeline: ReadonlySignal<TimelineRow[]>
  hasOlder: ReadonlySignal<boolean>
  /** Reads anew; what is shown stays meanwhile. */
  load(): Promise<void>
  /** Asks WeCom itself. */
  refresh(): Promise<void>
  change(change: Change): void
  /** Says it, with the customer's name where another one is shown by then. */
  tell(toast: Toast): void
  /** Rejects with `CallError`. */
  note(note: NewNote): Promise<void>
  older(): Promise<void>
}

const kept = new Map<string, Customer>()
const keptAtMost = 20

/** The same one as long as it was opened lately, so that a chat that one comes back to is there at once. */
export function customerOf(externalUserid: string): Customer {
  const customer = kept.get(externalUserid) ?? createCustomer(externalUserid)
  kept.delete(externalUserid)
  kept.set(externalUserid, customer)
  const oldest = kept.keys().next().value
  if (kept.size > keptAtMost && oldest !== undefined) kept.delete(oldest)
  return customer
}

const troubles: Partial<Record<CallError['code'], StateName>> = {
  offline: 'offline',
  customer_not_synced: 'not_synced',
  not_your_customer: 'not_yours',
  platform_unavailable: 'platform_failing',
}

function createCustomer(externalUserid: string): Customer {
  const path = `customers/${encodeURIComponent(externalUserid)}`
  const confirmed = signal<Profile | null>(null)
  const underWay = signal<readonly Change[]>([])
  const rows = signal<TimelinePage | null>(null)
  const trouble = signal<StateName | null>(null)
  const asking = signal(false)
  let last: Promise<unknown> = Promise.resolve()
  /** Rises when a write begins and when it ends. */
  let writes = 0

  const profile = computed(() =>
    underWay.value.reduce<Profile | null>((seen, change) => seen && change.preview(seen), confirmed.value),
  )
  const tell = (toast: Toast) => show({ ...toast, of: { externalUserid, profile } })

  function accept(read: Profile): void {
    confirmed.value = read
    rows.value = withNewest(rows.value, read)
    trouble.value = null
  }

  /** Writes go one after the other, in the order in which they were made. */
  function inTurn(path: string, body: object): Promise<void> {
    const done = last.then(async () => {
      writes++
      try {
        accept(await post<Profile>(path, body))
      } finally {
        writes++
      }
    })
    last = done.catch(() => {})
    return done
  }

  function refused(error: unknown): void {
    const state = (error instanceof CallError && troubles[error.code]) || 'failed'
    const gone = state === 'not_yours' || state === 'not_synced'
    if (gone) confirmed.value = rows.value = null
    if (gone || confirmed.value === null) trouble.value = state
  }

  let loading: Promise<void> | null = null
  function load(): Promise<void> {
    loading ??= read().finally(() => {
      loading = null
    })
    return loading
  }

  async function read(ask = () => get<Profile>(path)): Promise<void> {
    const before = writes
    try {
      const answer = await ask()
      // It may have been given before the write: what is shown would be older than what was there.
      if (writes === before) accept(answer)
      else await read()
    } catch (error) {
      if (error instanceof CallError && error.code === 'customer_not_synced' && !asking.value) await refresh()
      else refused(error)
    }
  }

  async function refresh(): Promise<void> {
    asking.value = true
    await read(() => post<Profile>(`${path}/refresh`, {}))
    asking.value = false
  }

  function write(change: Change, key: string, onDone: () => void): void {
    underWay.value = [...underWay.value, change]
    const ended = () => {
      underWay.value = underWay.value.filter(other => other !== change)
    }
    inTurn(`${path}/${change.path}`, { key, ...change.body }).then(
      () => {
        ended()
        onDone()
      },
      (error: unknown) => {
        ended()
        tell({
          text: texts.customer.putBack(reasonOf(error)),
          bad: true,
          ...(mayPass(error) && {
            action: { label: texts.retry, run: () => write(change, key, onDone) },
          }),
        })
        if (error instanceof CallError && error.code === 'read_only') void load()
      },
    )
  }

  return {
    externalUserid,
    profile,
    trouble,
    asking,
    timeline: computed(() => rows.value?.timeline ?? []),
    hasOlder: computed(() => (rows.value?.timelineNext ?? null) !== null),
    load,
    refresh,
    tell,
    change(change) {
      const takeBack = () => write(change.back(), newKey(), () => tell({ text: texts.customer.takenBack }))
      write(change, newKey(), () => tell({ text: change.done, action: { label: texts.undo, run: takeBack } }))
    },
    note: note => inTurn(`${path}/notes`, note),
    async older() {
      const next = rows.value?.timelineNext ?? null
      if (next === null) return
      try {
        const page = await get<TimelinePage>(`${path}/timeline?before=${encodeURIComponent(next)}`)
        // The rows may have begun anew meanwhile.
        if (rows.value?.timelineNext === next) rows.value = withOlder(rows.value, page)
      } catch (error) {
        tell({ text: reasonOf(error), bad: true })
      }
    },
  }
}

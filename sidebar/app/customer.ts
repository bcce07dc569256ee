import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { NewNote, Profile, TimelinePage, TimelineRow } from '../api.ts'
import { platformFailing } from './connection.ts'
import type { Change } from './customer-changes.ts'
import { CallError, get, mayPass, post, reasonOf } from './http.ts'
import { newKey } from './key.ts'
import type { StateName } from './states/table.ts'
import { texts } from './texts/first.ts'
import { show } from './toast.ts'

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
  const olderRows = signal<TimelinePage | null>(null)
  const trouble = signal<StateName | null>(null)
  const asking = signal(false)
  /** Writes go one after the other, in the order in which they were made. */
  let last: Promise<unknown> = Promise.resolve()

  const profile = computed(() =>
    underWay.value.reduce<Profile | null>((seen, change) => seen && change.preview(seen), confirmed.value),
  )
  const next = computed(() => (olderRows.value ?? confirmed.value)?.timelineNext ?? null)

  function accept(read: Profile): void {
    confirmed.value = read
    trouble.value = null
  }

  function refused(error: unknown): void {
    const state = (error instanceof CallError && troubles[error.code]) || 'failed'
    const gone = state === 'not_yours' || state === 'not_synced'
    if (gone) confirmed.value = null
    if (gone || confirmed.value === null) trouble.value = state
  }

  let loading: Promise<void> | null = null
  function load(): Promise<void> {
    loading ??= read().finally(() => {
      loading = null
    })
    return loading
  }

  async function read(): Promise<void> {
    try {
      accept(await get<Profile>(path))
    } catch (error) {
      if (error instanceof CallError && error.code === 'customer_not_synced') await refresh()
      else refused(error)
    }
  }

  async function refresh(): Promise<void> {
    asking.value = true
    try {
      accept(await post<Profile>(`${path}/refresh`, {}))
      platformFailing.value = false
    } catch (error) {
      refused(error)
    } finally {
      asking.value = false
    }
  }

  function write(change: Change, key: string, onDone: () => void): void {
    underWay.value = [...underWay.value, change]
    last = last.then(async () => {
      try {
        const read = await post<Profile>(`${path}/${change.path}`, { key, ...change.body })
        underWay.value = underWay.value.filter(other => other !== change)
        platformFailing.value = false
        accept(read)
        onDone()
      } catch (error) {
        underWay.value = underWay.value.filter(other => other !== change)
        show({
          text: texts.customer.putBack(reasonOf(error)),
          bad: true,
          ...(mayPass(error) && {
            action: { label: texts.retry, run: () => write(change, key, onDone) },
          }),
        })
        if (error instanceof CallError && error.code === 'read_only') await load()
      }
    })
  }

  return {
    externalUserid,
    profile,
    trouble,
    asking,
    timeline: computed(() => {
      const first = confirmed.value?.timeline ?? []
      const ids = new Set(first.map(row => row.id))
      return [...first, ...(olderRows.value?.timeline ?? []).filter(row => !ids.has(row.id))]
    }),
    hasOlder: computed(() => next.value !== null),
    load,
    refresh,
    change(change) {
      const takeBack = () => write(change.back(), newKey(), () => show({ text: texts.customer.takenBack }))
      write(change, newKey(), () => show({ text: change.done, action: { label: texts.undo, run: takeBack } }))
    },
    async note(note) {
      accept(await post<Profile>(`${path}/notes`, note))
    },
    async older() {
      if (next.value === null) return
      try {
        const page = await get<TimelinePage>(`${path}/timeline?before=${encodeURIComponent(next.value)}`)
        olderRows.value = { ...page, timeline: [...(olderRows.value?.timeline ?? []), ...page.timeline] }
      } catch (error) {
        show({ text: reasonOf(error), bad: true })
      }
    },
  }
}

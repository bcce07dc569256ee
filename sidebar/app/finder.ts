import { type Signal, signal } from '@preact/signals'
import type { CategoryView } from '../api.ts'
import { CallError } from './http.ts'
import type { StateName } from './states/table.ts'

export interface Found<T> {
  categories: CategoryView[]
  total: number
  items: T[]
  next: string | null
}

/** What is looked for; it may outlive what was found. */
export interface Search {
  query: Signal<string>
  category: Signal<string>
}

export function createSearch(): Search {
  return { query: signal(''), category: signal('') }
}

/** A list that is searched on the server, a page at a time. */
export interface Finder<T> extends Search {
  found: Signal<Found<T> | null>
  /** The words that `found` is the answer to. */
  answered: Signal<string>
  trouble: Signal<StateName | null>
  loadingMore: Signal<boolean>
  /** Waits for a pause in typing. */
  type(query: string): void
  pick(category: string): void
  load(): Promise<void>
  /** The last question once more. */
  retry(): Promise<void>
  /** When `found` was answered, in milliseconds since 1970; 0 before. */
  readAt(): number
  more(): Promise<void>
}

const pauseMs = 150

export function createFinder<T>(
  read: (params: URLSearchParams, signal: AbortSignal) => Promise<Found<T>>,
  { query, category }: Search = createSearch(),
): Finder<T> {
  const found = signal<Found<T> | null>(null)
  const answered = signal('')
  const trouble = signal<StateName | null>(null)
  const loadingMore = signal(false)
  let running = new AbortController()
  let asked: string | null = null
  let readAt = 0
  let pause: ReturnType<typeof setTimeout> | undefined

  /** A newer question makes the answer to an older one worthless. */
  async function ask(cursor: string | null): Promise<void> {
    clearTimeout(pause)
    running.abort()
    const mine = new AbortController()
    running = mine
    asked = cursor
    const words = query.value.trim()
    const params = new URLSearchParams()
    if (words !== '') params.set('q', words)
    if (category.value !== '') params.set('category', category.value)
    if (cursor !== null) params.set('cursor', cursor)
    try {
      const page = await read(params, mine.signal)
      if (running !== mine) return
      if (category.value !== '' && !page.categories.some(one => one.key === category.value)) {
        category.value = ''
        return ask(null)
      }
      const before = cursor === null ? [] : (found.value?.items ?? [])
      found.value = { ...page, items: [...before, ...page.items] }
      answered.value = words
      readAt = Date.now()
      trouble.value = null
    } catch (error) {
      if (running !== mine) return
      trouble.value = error instanceof CallError && error.code === 'offline' ? 'offline' : 'failed'
    }
  }

  return {
    query,
    category,
    found,
    answered,
    trouble,
    loadingMore,
    type(words) {
      query.value = words
      clearTimeout(pause)
      pause = setTimeout(() => void ask(null), pauseMs)
    },
    pick(key) {
      category.value = category.value === key ? '' : key
      void ask(null)
    },
    load() {
      trouble.value = null
      return ask(null)
    },
    retry: () => ask(asked),
    readAt: () => readAt,
    async more() {
      const next = found.value?.next ?? null
      if (next === null || loadingMore.value) return
      loadingMore.value = true
      await ask(next)
      loadingMore.value = false
    },
  }
}

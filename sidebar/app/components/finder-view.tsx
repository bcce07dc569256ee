import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { offline } from '../connection.ts'
import type { Finder } from '../finder.ts'
import { returns } from '../reread.ts'
import { State } from '../states/state.tsx'
import type { StateName, states } from '../states/table.ts'
import { texts } from '../texts/first.ts'
import { arrowKeys } from './arrow-keys.ts'
import { Chips } from './chips.tsx'
import './finder-view.css'
import { MoreByItself } from './more-by-itself.tsx'
import { SearchBox } from './search-box.tsx'

const staleMs = 5 * 60_000

/** What a row's main button needs, so that the arrows find it. */
export interface RowKeys {
  'data-row': true
  onKeyDown(event: KeyboardEvent): void
}

/** Search box, categories and results: what scripts and materials have in common. */
export function FinderView<T extends { key: string }>(props: {
  finder: Finder<T>
  /** Its tab is: a hidden one asks for nothing. */
  shown: boolean
  search: string
  label: string
  listClass: string
  empty: StateName & keyof typeof states
  count(total: number): string
  row(item: T, keys: RowKeys): ComponentChildren
  /** Ctrl or ⌘ with Enter on a row. */
  onSend(item: T): void
}) {
  const { finder } = props
  const box = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLUListElement>(null)
  const found = finder.found.value
  const trouble = finder.trouble.value
  const isOffline = offline.value
  const { shown } = props
  useEffect(() => {
    if (shown && !isOffline && Date.now() - finder.readAt() > staleMs) void finder.load()
  }, [finder, shown, isOffline, returns.value])

  const keysOf = (item: T): RowKeys => ({
    'data-row': true,
    onKeyDown: event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault()
        if (!event.repeat) props.onSend(item)
      } else arrowKeys(event, list.current, '[data-row]', () => box.current?.querySelector('input')?.focus())
    },
  })
  return (
    <div class="finder">
      <div class="finder-top" ref={box}>
        <SearchBox
          label={props.search}
          value={finder.query.value}
          onType={finder.type}
          onDown={() => list.current?.querySelector<HTMLElement>('[data-row]')?.focus()}
        />
        {found !== null && found.categories.length > 0 && (
          <Chips
            label={props.label}
            options={found.categories}
            chosen={finder.category.value}
            onChoose={finder.pick}
          />
        )}
        {trouble !== null && found !== null && found.items.length > 0 && (
          <p class="finder-failed" role="alert">
            {trouble === 'offline' ? texts.errors.offline : texts.errors.failed}
            <button type="button" class="text-button" onClick={() => void finder.retry()}>
              {texts.retry}
            </button>
          </p>
        )}
      </div>
      {found === null && trouble === null && <RowSkeleton />}
      {trouble !== null && (found === null || found.items.length === 0) && (
        <State name={trouble} onAction={() => void finder.load()} />
      )}
      {found !== null && <Results {...props} list={list} keysOf={keysOf} />}
    </div>
  )
}

function Results<T extends { key: string }>(
  props: Parameters<typeof FinderView<T>>[0] & {
    list: RefObject<HTMLUListElement | null>
    keysOf(item: T): RowKeys
  },
) {
  const { finder } = props
  const found = finder.found.value
  if (found === null) return null
  if (found.items.length === 0) {
    if (finder.trouble.value !== null) return null
    if (finder.answered.value === '') return <State name={props.empty} />
    return <State name="none_found" onAction={() => finder.type('')} />
  }
  return (
    <>
      <p class={finder.answered.value === '' ? 'off-screen' : 'finder-count'} role="status">
        {props.count(found.total)}
      </p>
      <ul class={props.listClass} aria-label={props.label} ref={props.list}>
        {found.items.map(item => (
          <li key={item.key}>{props.row(item, props.keysOf(item))}</li>
        ))}
      </ul>
      {found.next !== null && <MoreByItself busy={finder.loadingMore.value} onMore={finder.more} />}
    </>
  )
}

function RowSkeleton() {
  return (
    <div class="skeleton" role="status" aria-label={texts.loading} data-state="loading">
      {[0, 1, 2, 3].map(row => (
        <div key={row} class="skeleton-block">
          <i class="skeleton-line skeleton-short" />
          <i class="skeleton-line" />
        </div>
      ))}
    </div>
  )
}

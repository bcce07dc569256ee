import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { texts } from '../texts/first.ts'
import { Skeleton } from './skeleton.tsx'

/** A view that is loaded when it is first shown, or before by `load`. */
export interface Lazy<P> {
  load(): Promise<void>
  /** Null until it has been loaded. */
  ready(): ComponentType<P> | null
}

const all: { load(): Promise<void> }[] = []

export function lazy<P>(load: () => Promise<ComponentType<P>>): Lazy<P> {
  let loaded: ComponentType<P> | null = null
  const view: Lazy<P> = {
    async load() {
      loaded ??= await load()
    },
    ready: () => loaded,
  }
  all.push(view)
  return view
}

/** All views that are known by now. */
export function preload(): void {
  for (const view of all) view.load().catch(() => {})
}

export function LazyView<P extends object>(props: { view: Lazy<P>; with: P; quiet?: boolean }) {
  const { view } = props
  const [, redraw] = useState(0)
  const [failed, setFailed] = useState(false)
  const View = view.ready()
  useEffect(() => {
    if (View !== null || failed) return
    view.load().then(
      () => redraw(count => count + 1),
      () => setFailed(true),
    )
  }, [View, failed, view])
  if (View !== null) return <View {...props.with} />
  // Not a state of the table: that may be what could not be loaded.
  if (failed)
    return (
      <p class="card nothing" role="alert">
        {texts.notLoaded}{' '}
        {/* The browser remembers that the script could not be loaded; only a new page asks for it again. */}
        <button type="button" class="text-button" onClick={() => location.reload()}>
          {texts.reopen}
        </button>
      </p>
    )
  return props.quiet ? null : <Skeleton />
}

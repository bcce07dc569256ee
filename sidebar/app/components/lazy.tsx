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

export function lazy<P>(load: () => Promise<ComponentType<P>>): Lazy<P> {
  let loaded: ComponentType<P> | null = null
  return {
    async load() {
      loaded ??= await load()
    },
    ready: () => loaded,
  }
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
      <p class="not-loaded" role="alert">
        {texts.errors.offline}
        <button type="button" class="text-button" onClick={() => setFailed(false)}>
          {texts.retry}
        </button>
      </p>
    )
  return props.quiet ? null : <Skeleton />
}

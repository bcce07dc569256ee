import { useEffect, useRef } from 'preact/hooks'
import { More } from './more.tsx'

/** The next page comes when this is nearly in sight; the button is for everybody else. */
export function MoreByItself(props: { busy: boolean; onMore(): void }) {
  const place = useRef<HTMLDivElement>(null)
  const { onMore } = props
  useEffect(() => {
    if (place.current === null) return
    const watcher = new IntersectionObserver(
      entries => {
        if (entries.some(entry => entry.isIntersecting)) onMore()
      },
      { rootMargin: '240px' },
    )
    watcher.observe(place.current)
    return () => watcher.disconnect()
  }, [onMore])
  return (
    <div ref={place}>
      <More {...props} />
    </div>
  )
}

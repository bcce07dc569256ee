import { useEffect, useRef } from 'preact/hooks'
import { texts } from '../texts/first.ts'

/** The next page comes by itself when this is nearly in sight; the button is for everybody else. */
export function More(props: { busy: boolean; byItself?: boolean; onMore(): void }) {
  const button = useRef<HTMLButtonElement>(null)
  const { onMore } = props
  useEffect(() => {
    if (props.byItself !== true || button.current === null) return
    const watcher = new IntersectionObserver(
      entries => {
        if (entries.some(entry => entry.isIntersecting)) onMore()
      },
      { rootMargin: '240px' },
    )
    watcher.observe(button.current)
    return () => watcher.disconnect()
  }, [props.byItself, onMore])
  return (
    <button ref={button} type="button" class="more" disabled={props.busy} onClick={onMore}>
      {texts.more}
    </button>
  )
}

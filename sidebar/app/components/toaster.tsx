import { useEffect, useState } from 'preact/hooks'
import { toast } from '../toast.ts'
import './toaster.css'

const shownMs = 6000
const plainMs = 2500

/** Waits while somebody points at it or has the focus in it. */
export function Toaster() {
  const current = toast.value
  const [held, setHeld] = useState(false)
  useEffect(() => {
    if (current === null || held) return
    const wait = current.action !== undefined || current.bad === true ? shownMs : plainMs
    const timer = setTimeout(() => {
      toast.value = null
    }, wait)
    return () => clearTimeout(timer)
  }, [current, held])
  return (
    <div class="toaster" role="status" aria-live="polite">
      {current !== null && (
        <div
          class={current.bad ? 'toast toast-bad' : 'toast'}
          onPointerEnter={() => setHeld(true)}
          onPointerLeave={() => setHeld(false)}
          onFocusCapture={() => setHeld(true)}
          onBlurCapture={() => setHeld(false)}
        >
          <span>{current.text}</span>
          {current.action && (
            <button
              type="button"
              onClick={() => {
                const { action } = current
                setHeld(false)
                toast.value = null
                action?.run()
              }}
            >
              {current.action.label}
            </button>
          )}
        </div>
      )}
    </div>
  )
}

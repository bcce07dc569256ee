import { useEffect, useState } from 'preact/hooks'
import { place } from '../place.ts'
import { texts } from '../texts/first.ts'
import { type Toast, toast } from '../toast.ts'
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
          <span>{wordsFor(current)}</span>
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

function wordsFor({ text, of }: Toast): string {
  const here = place.value
  if (of === undefined || (here.kind === 'customer' && here.externalUserid === of.externalUserid)) return text
  const profile = of.profile.value
  return `${profile?.follow.remark || profile?.name || texts.customer.noName}：${text}`
}

import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { icons } from '../icons/first.ts'
import { texts } from '../texts/first.ts'
import { Icon } from './icon.tsx'
import './sheet.css'
import { Toaster } from './toaster.tsx'

/** Comes up over the view. The browser keeps the focus inside, and closes by Esc. */
export function Sheet(props: {
  title: string
  onClose(): void
  children: ComponentChildren
  footer?: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useLayoutEffect(() => {
    const element = dialog.current
    const before = document.activeElement
    if (typeof element?.showModal !== 'function') element?.setAttribute('open', '')
    else element.showModal()
    return () => {
      element?.close?.()
      // The element is out of the page by now, and the browser gives the focus back only from inside.
      if (before instanceof HTMLElement) before.focus({ preventScroll: true })
    }
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc does the same, by the dialog itself
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby={titleId}
      onCancel={event => {
        event.preventDefault()
        props.onClose()
      }}
      onClick={event => event.target === dialog.current && props.onClose()}
    >
      <div class="sheet-body">
        <header class="sheet-head">
          <h2 id={titleId}>{props.title}</h2>
          <button type="button" class="icon-button" aria-label={texts.close} onClick={props.onClose}>
            <Icon d={icons.close} />
          </button>
        </header>
        <div class="sheet-content">{props.children}</div>
        <div class="bottom">
          {props.footer !== undefined && <footer class="sheet-foot">{props.footer}</footer>}
          {/* What is below a modal dialog can be neither seen well nor touched. */}
          <Toaster />
        </div>
      </div>
    </dialog>
  )
}

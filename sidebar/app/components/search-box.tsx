import { useRef } from 'preact/hooks'
import { limits } from '../../api.ts'
import { icons } from '../icons/first.ts'
import { moreIcons } from '../icons/rest.ts'
import { texts } from '../texts/first.ts'
import { Icon } from './icon.tsx'
import './search-box.css'

export function SearchBox(props: {
  label: string
  value: string
  onType(value: string): void
  /** Arrow down: into the results. */
  onDown?(): void
}) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <div class="search-box">
      <Icon d={moreIcons.search} size={16} />
      <input
        ref={input}
        type="search"
        enterkeyhint="search"
        autocomplete="off"
        aria-label={props.label}
        placeholder={props.label}
        maxLength={limits.search}
        value={props.value}
        onInput={event => props.onType(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.isComposing || event.key !== 'ArrowDown' || props.onDown === undefined) return
          event.preventDefault()
          props.onDown()
        }}
      />
      {props.value !== '' && (
        <button
          type="button"
          class="icon-button"
          aria-label={texts.clear}
          onClick={() => {
            props.onType('')
            input.current?.focus()
          }}
        >
          <Icon d={icons.close} size={16} />
        </button>
      )}
    </div>
  )
}

import './chips.css'

/** One of several, in a row that scrolls sideways; choosing the chosen one again lets go of it. */
export function Chips(props: {
  label: string
  options: readonly { key: string; name: string; count: number }[]
  chosen: string
  onChoose(key: string): void
}) {
  return (
    <fieldset class="chips">
      <legend class="off-screen">{props.label}</legend>
      {props.options.map(option => (
        <button
          key={option.key}
          type="button"
          class="chip"
          aria-pressed={option.key === props.chosen}
          onClick={() => props.onChoose(option.key)}
        >
          {option.name}
          <span class="chip-count">{option.count}</span>
        </button>
      ))}
    </fieldset>
  )
}

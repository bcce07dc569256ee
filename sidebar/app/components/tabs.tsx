/** A tab list: arrows, Home and End move and choose. The panels are `panel-<key>`. */
export function Tabs<K extends string>(props: {
  label: string
  tabs: readonly { key: K; name: string }[]
  chosen: K
  onChoose(key: K): void
}) {
  const onKeyDown = (event: KeyboardEvent) => {
    const now = props.tabs.findIndex(tab => tab.key === props.chosen)
    const count = props.tabs.length
    const to = {
      ArrowRight: (now + 1) % count,
      ArrowLeft: (now - 1 + count) % count,
      Home: 0,
      End: count - 1,
    }[event.key]
    const next = to === undefined ? undefined : props.tabs[to]
    if (next === undefined) return
    event.preventDefault()
    props.onChoose(next.key)
    document.getElementById(`tab-${next.key}`)?.focus()
  }
  return (
    <div class="tabs" role="tablist" aria-label={props.label}>
      {props.tabs.map(tab => {
        const on = tab.key === props.chosen
        return (
          <button
            key={tab.key}
            id={`tab-${tab.key}`}
            type="button"
            role="tab"
            class={on ? 'tab tab-on' : 'tab'}
            aria-selected={on}
            aria-controls={on ? `panel-${tab.key}` : undefined}
            tabIndex={on ? 0 : -1}
            onClick={() => props.onChoose(tab.key)}
            onKeyDown={onKeyDown}
          >
            {tab.name}
          </button>
        )
      })}
    </div>
  )
}

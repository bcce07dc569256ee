/** A line drawing on a 24 px grid. It stands beside words, or in a button that has a label. */
export function Icon(props: { d: string; size?: number }) {
  const size = props.size ?? 18
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={props.d} />
    </svg>
  )
}

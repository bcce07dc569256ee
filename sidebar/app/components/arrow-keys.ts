/**
 * Moves the focus between the elements `selector` finds in `list`: up and down by row, left and right where several
 * stand side by side. Past the upper end `leave` is called. True when the key was one of ours.
 */
export function arrowKeys(
  event: KeyboardEvent,
  list: HTMLElement | null,
  selector: string,
  leave: () => void,
): boolean {
  const items = Array.from(list?.querySelectorAll<HTMLElement>(selector) ?? [])
  const now = items.indexOf(event.target as HTMLElement)
  if (now < 0) return false
  const top = items[0]?.getBoundingClientRect().top
  const columns = Math.max(1, items.filter(item => item.getBoundingClientRect().top === top).length)
  const side = columns > 1 ? 1 : 0
  const step = { ArrowDown: columns, ArrowUp: -columns, ArrowRight: side, ArrowLeft: -side }[event.key] ?? 0
  if (step === 0) return false
  event.preventDefault()
  if (now + step < 0) leave()
  else items[Math.min(now + step, items.length - 1)]?.focus()
  return true
}

import { distance } from 'fastest-levenshtein'

/** The one of several names that somebody may have meant; undefined where none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  // What all of them begin with says nothing of how near they are.
  const before = name.slice(0, name.lastIndexOf('.') + 1)
  const head = names.some(one => one.startsWith(before)) ? before : ''
  const own = (one: string): string => fold(one.startsWith(head) ? one.slice(head.length) : one)
  const plain = own(name)
  let best: { name: string; far: number } | undefined
  for (const one of names) {
    const other = own(one)
    const far = distance(plain, other)
    // Two letters changed places, or a third of them is other.
    const near = far <= Math.max(other.length < 4 ? 1 : 2, Math.floor(other.length / 3))
    if (near && (best === undefined || far < best.far)) best = { name: one, far }
  }
  if (best !== undefined) return best.name
  const [part] = names
    .filter(one => isPart(plain, own(one)))
    .sort((one, other) => distance(plain, own(one)) - distance(plain, own(other)))
  return part
}

/** `; did you mean x?`, or what there is instead. */
export function suggest(name: string, names: readonly string[]): string {
  const one = nearest(name, names)
  if (one !== undefined) return `; did you mean ${one}?`
  if (names.length === 0) return ''
  // Those of its own group first, as of customer.*.
  const group = name.slice(0, name.indexOf('.') + 1)
  const isOwn = (other: string): boolean => group !== '' && other.startsWith(group)
  return `; there is ${listed([...names.filter(isOwn), ...names.filter(other => !isOwn(other))])}`
}

const listedMax = 14

/** A list for a sentence, of bounded length. */
export function listed(names: readonly string[]): string {
  const rest = names.length - listedMax
  return names.slice(0, listedMax).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

/** `addWay`, `add_way` and `add-way` are the same to whoever writes them. */
function fold(name: string): string {
  return name.slice(0, 100).toLowerCase().replace(/[_-]/g, '')
}

function isPart(one: string, other: string): boolean {
  return one.length >= 3 && other.length >= 3 && (one.includes(other) || other.includes(one))
}

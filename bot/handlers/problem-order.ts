import type { Problem } from './compile.ts'

/** So many problems of a document are told at most: whoever has mended them sees the others. */
const toldMost = 50

/** The first problems, and how many more there are. */
export function told(problems: readonly Problem[]): readonly Problem[] {
  const more = problems.length - toldMost
  if (more <= 0) return problems
  return [
    ...problems.slice(0, toldMost),
    { path: 'document', message: `has ${more} more ${more === 1 ? 'problem' : 'problems'}` },
  ]
}

/**
 * Problems by where they stand in a document: what is missing before what is there, the parts of something before the
 * whole. Those of one place stay as they are; none is said twice.
 */
export function inDocumentOrder(document: unknown, problems: readonly Problem[]): Problem[] {
  const placeOf = places(document)
  const distinct = new Map(problems.map(one => [`${one.path} ${one.message}`, one]))
  return [...distinct.values()]
    .map(problem => ({ problem, place: placeOf(problem.path) }))
    .sort((one, other) => compare(one.place, other.place))
    .map(({ problem }) => problem)
}

/** Gives the place of a path: the index of each of its names among those beside it, -1 where it is missing. */
function places(document: unknown): (path: string) => number[] {
  const known = new Map<object, ReadonlyMap<string, number>>()
  const namesOf = (value: object): ReadonlyMap<string, number> => {
    const names = known.get(value) ?? new Map(Object.keys(value).map((name, index) => [name, index]))
    known.set(value, names)
    return names
  }
  return path => {
    const place: number[] = []
    let value = document
    for (const name of path.split('.')) {
      const index = typeof value === 'object' && value !== null ? (namesOf(value).get(name) ?? -1) : -1
      place.push(index)
      if (index < 0) break
      value = (value as Record<string, unknown>)[name]
    }
    return place
  }
}

function compare(one: readonly number[], other: readonly number[]): number {
  const longer = Math.max(one.length, other.length)
  for (let index = 0; index < longer; index += 1) {
    const [a, b] = [one[index] ?? Infinity, other[index] ?? Infinity]
    if (a !== b) return a - b
  }
  return 0
}

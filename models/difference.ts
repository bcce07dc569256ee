import { isDeepStrictEqual } from 'node:util'

/** Fields as they should be; `undefined` means that the field should not be there. */
export type Wanted<T> = { [K in keyof T]?: T[K] | undefined }

export interface Change<T> {
  $set?: Partial<T>
  $unset?: Partial<Record<keyof T, 1>>
}

/**
 * What to write so that `stored` becomes as `wanted` says, or undefined when it is so already. Fields that are not named
 * in `wanted` stay as they are. Lists are compared without their order: all lists that are synced are sets.
 */
export function difference<T extends object>(stored: T, wanted: Wanted<T>): Change<T> | undefined {
  const set: Partial<T> = {}
  const unset: Partial<Record<keyof T, 1>> = {}
  for (const name of Object.keys(wanted) as (keyof T)[]) {
    const value = wanted[name]
    if (same(stored[name], value)) continue
    if (value === undefined) unset[name] = 1
    else set[name] = value as T[keyof T]
  }
  const change = {
    ...(Object.keys(set).length > 0 && { $set: set }),
    ...(Object.keys(unset).length > 0 && { $unset: unset }),
  }
  return Object.keys(change).length > 0 ? change : undefined
}

function same(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) return isDeepStrictEqual([...one].sort(), [...other].sort())
  return isDeepStrictEqual(one ?? undefined, other)
}

/** Only the fields that have a value, for a new document. */
export function present<T extends object>(wanted: Wanted<T>): Partial<T> {
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)) as Partial<T>
}

/** The update that brings any document to what is wanted, without looking at it first. */
export function toUpdate<T extends object>(wanted: Wanted<T>): Change<T> {
  const gone = Object.keys(wanted).filter(name => wanted[name as keyof T] === undefined)
  return {
    $set: present(wanted),
    ...(gone.length > 0 && {
      $unset: Object.fromEntries(gone.map(name => [name, 1])) as Change<T>['$unset'],
    }),
  } as Change<T>
}

/** Splits a list into pieces of at most `size`. */
export function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
}

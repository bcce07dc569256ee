import type { Material } from '../../models/material.ts'
import type { Models } from '../../models/models.ts'
import type { Named } from '../actions/define.ts'
import { nearest } from './nearest.ts'

/** So many materials are named where none is near. */
const namedMost = 6

/** Gives what is wrong with the key of a material, with those that may stand there instead. */
export async function materialShelf(
  models: Models,
  corpId: string,
): Promise<(key: string, kinds?: Named['kinds']) => string | undefined> {
  const held: Pick<Material, 'key' | 'kind'>[] = await models.materials
    .find({ corpId }, { key: 1, kind: 1 })
    .sort({ key: 1 })
    .lean()
  return (key, kinds) => {
    if (held.some(one => one.key === key)) return undefined
    const fitting = held.filter(one => kinds === undefined || kinds.includes(one.kind))
    return `names the material "${key}", which is not there${instead(key, fitting)}`
  }
}

function instead(key: string, fitting: readonly Pick<Material, 'key' | 'kind'>[]): string {
  const near = nearest(
    key,
    fitting.map(one => one.key),
  )
  if (near !== undefined) return `: write "${near}"`
  if (fitting.length === 0) return ', nor is any other that fits here'
  // Whoever writes brand-link looks for a link.
  const isWanted = ({ kind }: Pick<Material, 'kind'>): boolean => key.toLowerCase().includes(kind)
  const sorted = [...fitting.filter(isWanted), ...fitting.filter(one => !isWanted(one))]
  const more = sorted.length - namedMost
  const some = sorted.slice(0, namedMost).map(one => `"${one.key}" (${one.kind})`)
  return `; there is ${some.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

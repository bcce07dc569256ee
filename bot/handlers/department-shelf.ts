import type { Models } from '../../models/models.ts'
import { nearest } from './nearest.ts'

interface Department {
  departmentId: string
  name: string
}

/** So many departments are named where one is not there. */
const namedMost = 6

/** The corp's departments by id and name. */
export function departmentsOf(models: Models, corpId: string): Promise<Department[]> {
  return models.departments
    .find({ corpId, removedAt: null }, { departmentId: 1, name: 1 })
    .sort({ departmentId: 1 })
    .lean()
}

/** By id, or as `name:销售部` where exactly one is called so. */
export function departmentShelf(held: readonly Department[]): (written: string) => string | undefined {
  const names = held.map(one => one.name)
  return written => {
    if (!written.startsWith('name:')) {
      if (held.some(one => one.departmentId === written)) return undefined
      const meant = /^\d+$/.test(written) ? undefined : nearest(written, names)
      if (meant !== undefined)
        return `names the department "${written}", which is not there: write "name:${meant}"`
      return departmentGone(written, held)
    }
    const name = written.slice('name:'.length)
    const found = held.filter(one => one.name === name)
    if (found.length === 1) return undefined
    if (found.length > 1)
      return `names the department "${name}", which ${found.length} are called: write one of the ids ${found
        .map(one => `"${one.departmentId}"`)
        .join(', ')}`
    const near = nearest(name, names)
    return `names the department "${name}", which is not there${near === undefined ? '' : `: write "name:${near}"`}`
  }
}

/** Says that there is no department of this id, and which there are. */
export function departmentGone(id: string, held: readonly Department[]): string {
  if (held.length === 0) return `names the department "${id}", which is not there, nor is any other`
  const some = held.slice(0, namedMost).map(one => `"${one.departmentId}" (${one.name})`)
  const more = held.length - some.length
  return `names the department "${id}", which is not there; there is ${some.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

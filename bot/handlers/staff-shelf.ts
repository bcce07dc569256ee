import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
import { departmentsOf } from './department-shelf.ts'
import { splitWords } from './joined-words.ts'
import { nearest } from './nearest.ts'

type Member = { userid: string; name: string }

/** Gives who was meant by a userid that nobody has, as what to write instead; undefined where somebody has it. */
export async function staffShelf(
  models: Models,
  corpId: string,
  userids: readonly string[],
): Promise<(name: string) => string | undefined> {
  const useridKeys = userids.map(useridKey)
  const held = await models.staff
    .find({ corpId, useridKey: { $in: useridKeys }, removedAt: null }, { useridKey: 1 })
    .lean()
  const known = new Set(held.map(one => one.useridKey))
  // The whole directory is read only where somebody is not there.
  if (useridKeys.every(key => known.has(key))) return () => undefined
  const all: Member[] = await models.staff.find({ corpId, removedAt: null }, { userid: 1, name: 1 }).lean()
  const departments = (await departmentsOf(models, corpId)).map(one => one.name)
  return name => (known.has(useridKey(name)) ? undefined : meant(name, all, departments))
}

function meant(name: string, all: readonly Member[], departments: readonly string[]): string {
  const words = splitWords(name)
  if (words.length > 1)
    return `write each by itself, with plain commas between: ${words.map(word => JSON.stringify(word)).join(', ')}`
  const called = all.filter(one => one.name === name).map(one => one.userid)
  const department = name.replace(/^name:/, '')
  if (called.length === 0 && departments.includes(department))
    return `it is a department, which app.send reaches by to: { departments: ["name:${department}"] } and a scope by its departments`
  const near = nearest(
    name,
    all.map(one => one.userid),
  )
  const those = called.length > 0 ? called : near === undefined ? [] : [near]
  if (those.length === 0) return 'write the userid as the console shows it'
  return `write ${those
    .slice(0, 5)
    .map(userid => `"${userid}"`)
    .join(' or ')}`
}

import type { StoredHandler } from '../../models/handler.ts'
import type { Models } from '../../models/models.ts'
import type { Named } from '../actions/define.ts'
import { tagsNamed } from '../actions/tag-names.ts'
import { departmentGone, departmentShelf, departmentsOf } from './department-shelf.ts'
import type { EntryKind } from './fact-table.ts'
import { materialShelf } from './material-shelf.ts'
import { nearest } from './nearest.ts'
import { staffShelf } from './staff-shelf.ts'
import { askedEach, isJoinedTag, type TagName, tagAdvice, tagsOf, writtenEach } from './tag-advice.ts'

/**
 * What is named: by an action, by a scope, whose `except` names members, departments, roles and apps alike, or by a
 * condition, for whose lists a tag is written exactly as it is called, without its group or with it, and a department by id.
 */
export type Kind = Named['kind'] | 'app' | 'except' | EntryKind

/**
 * What a corp has of a kind, as far as a document names it. Gives what is wrong with a name, where something is; `kinds` is
 * what a material may be there.
 */
type Shelf = (name: string, kinds?: Named['kinds']) => string | undefined

/** What will be there besides. */
interface Coming {
  /** Whether handlers are started by steps, by their keys; undefined where nobody knows yet. */
  manual: ReadonlyMap<unknown, boolean | undefined>
  tags: readonly { group?: string; tag: string }[]
}

/** How what a corp has of each kind is looked up. */
export const shelves: Readonly<
  Record<Kind, (models: Models, corpId: string, names: string[], coming: Coming) => Promise<Shelf>>
> = {
  async tag(models, corpId, _names, { tags }) {
    const held = await tagsWith(models, corpId, tags)
    return name => {
      const found = tagsNamed(held, name)
      if (found.length === 1) return undefined
      const groups = found.map(one => one.groupName)
      if (found.length > 1)
        return `names the tag "${name}", which is in the groups ${groups.join(', ')}: write "${groups[0]}/${name}"`
      return `names the tag "${name}", which is not there: ${isJoinedTag(name, held) ? writtenEach(name) : tagAdvice(name, held)}`
    }
  },
  async tag_name(models, corpId, _names, { tags }) {
    const held = await tagsWith(models, corpId, tags)
    return name => {
      if (held.some(one => one.name === name)) return undefined
      if (isJoinedTag(name, held)) return `names the tag "${name}", which is not there: ${askedEach}`
      const near = nearest(
        name,
        held.map(one => one.name),
      )
      return `names the tag "${name}", which is not there: ${near === undefined ? '' : `write "${near}", or `}make it first`
    }
  },
  async grouped_tag(models, corpId, _names, { tags }) {
    const held = await tagsWith(models, corpId, tags)
    return name => {
      const [found, ...others] = tagsNamed(held, name)
      const whole = found === undefined ? '' : `${found.groupName}/${found.name}`
      if (whole === name || others.length > 0) return undefined
      if (found !== undefined) return `names the tag "${name}", which is not there: write "${whole}"`
      const advice = isJoinedTag(name, held) ? askedEach : tagAdvice(name, held)
      return `names the tag "${name}", which is not there: ${advice}`
    }
  },
  async material(models, corpId) {
    return materialShelf(models, corpId)
  },
  async robot(models, corpId) {
    const held = await models.robots.find({ corpId }, { name: 1 }).lean()
    return listed(
      'robot',
      held.map(one => one.name),
    )
  },
  async manual_handler(models, corpId, _names, { manual }) {
    const held = await models.handlers
      .find({ corpId }, { key: 1, revision: 1, 'document.trigger': 1 })
      .lean<Pick<StoredHandler, 'key' | 'revision' | 'document'>[]>()
    const live = held.filter(one => one.revision > 0)
    const drafts = new Set(held.filter(one => one.revision === 0).map(one => one.key))
    const stored = live.map(one => [one.key, Object.hasOwn(Object(one.document?.trigger), 'manual')] as const)
    const all = new Map<unknown, boolean | undefined>([...stored, ...manual])
    const keys = [...all.keys()].filter(key => typeof key === 'string')
    const startable = keys.filter(key => all.get(key) !== false)
    // One without a key may be the one that is named.
    const isThere = keys.length < all.size ? () => undefined : listed('handler', startable)
    return name => {
      if (all.get(name) === false) return notManual(name)
      return drafts.has(name) && !all.has(name) ? draftAlone(name) : isThere(name)
    }
  },
  async staff(models, corpId, names) {
    const instead = await staffShelf(models, corpId, names)
    return name => {
      const advice = instead(name)
      return advice && `names the staff member "${name}", who is not there: ${advice}`
    }
  },
  async department(models, corpId) {
    return departmentShelf(await departmentsOf(models, corpId))
  },
  async department_id(models, corpId) {
    const held = await departmentsOf(models, corpId)
    return id => (held.some(one => one.departmentId === id) ? undefined : departmentGone(id, held))
  },
  // We hold none of them: whether there is one of this number shows in the run.
  async contact_tag() {
    return id =>
      /^\d+$/.test(id.trim())
        ? undefined
        : `names "${id}", and these are contact tags (通讯录里的成员标签), by their numbers, not customers' tags: write a number such as "3"`
  },
  async app(models, corpId) {
    const corp = await models.corps.findOne({ corpId }, { apps: 1 }).lean()
    return listed('app', corp?.apps.map(one => one.app) ?? [])
  },
  async except(models, corpId, names, coming) {
    const held = await departmentsOf(models, corpId)
    const departments = departmentShelf(held)
    const isOther = (name: string): boolean =>
      /^(role|app|name):/.test(name) || departments(name) === undefined
    const staff = await staffShelf(
      models,
      corpId,
      names.filter(name => !isOther(name)),
    )
    const apps = await shelves.app(models, corpId, names, coming)
    return name => {
      if (name.startsWith('app:')) return apps(name.slice('app:'.length))
      if (name.startsWith('name:')) return departments(name)
      const advice = isOther(name) ? undefined : staff(name)
      if (advice === undefined) return undefined
      const instead = held.some(one => one.name === name) ? `write "name:${name}"` : advice
      return `names "${name}", which is neither the userid of somebody nor the id of a department: ${instead}`
    }
  },
}

function notManual(name: string): string {
  return `names the handler "${name}", which no step can start: give it trigger: { manual: true }`
}

function draftAlone(name: string): string {
  return `names the handler "${name}", which is a draft: publish that first, or both by one import --publish`
}

/** A shelf of names that must be written as they are. */
function listed(what: string, held: readonly string[]): Shelf {
  const known = new Set(held)
  return name => {
    if (known.has(name)) return undefined
    const near = nearest(name, held)
    return `names the ${what} "${name}", which is not there${near === undefined ? '' : `: write "${near}"`}`
  }
}

async function tagsWith(models: Models, corpId: string, coming: Coming['tags']): Promise<TagName[]> {
  const made = coming.map(({ group = '', tag }) => ({ name: tag, groupName: group }))
  return [...(await tagsOf(models, corpId)), ...made]
}

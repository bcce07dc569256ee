import type { Models } from '../../models/models.ts'
import type { Tag } from '../../models/tag.ts'
import { tagNameMax } from '../actions/corp-tags.ts'
import { nearestTags, splitTagName } from '../actions/tag-names.ts'
import { hasJoint, splitWords } from './joined-words.ts'

export type TagName = Pick<Tag, 'name' | 'groupName'>

/** The corp's tags by name. */
export function tagsOf(models: Models, corpId: string): Promise<TagName[]> {
  return models.tags.find({ corpId, removedAt: null }, { name: 1, groupName: 1 }).lean()
}

/** Whether publishing may make the tag: its group is named, both names are short enough, and it is not several in one. */
export function isCreatable(name: string, held: readonly TagName[]): boolean {
  const { group = '', tag } = splitTagName(name)
  const isShort = [...group].length <= tagNameMax && [...tag].length <= tagNameMax
  return group !== '' && tag !== '' && isShort && !isJoinedTag(name, held)
}

/** Whether the name of a tag that is not there is taken for several in one. A group that is there may be called 来源、渠道. */
export function isJoinedTag(name: string, held: readonly TagName[]): boolean {
  const { group, tag } = splitTagName(name)
  return hasJoint(held.some(one => one.groupName === group) ? tag : name)
}

/** What to write instead of the names of several in one: a condition asks for one. */
export const askedEach =
  'ask for each by itself, below any: or all:, or make it in WeCom first where it is one tag'

/** The same, for a list. */
export function writtenEach(name: string): string {
  const words = splitWords(name).map(word => JSON.stringify(word))
  return `write each by itself, with plain commas between: ${words.join(', ')}, or make it in WeCom first where it is one tag`
}

/** What to write instead of the name of one tag that is not there. */
export function tagAdvice(name: string, held: readonly TagName[]): string {
  const { group, tag } = splitTagName(name)
  const [near] = nearestTags(name, held)
  const other = near === undefined ? '' : `write "${near}", or `
  if (isCreatable(name, held)) return `${other}publish with --create-tags to make it`
  const long = [group ?? '', tag].find(part => [...part].length > tagNameMax)
  if (long !== undefined) return `${other}give it a name of at most ${tagNameMax} characters`
  return `${other}put its group before it to have it made, such as "组/${tag === '' ? '标签' : tag}"`
}

import { distance } from 'fastest-levenshtein'
import type { Tag } from '../../models/tag.ts'

/** A tag's name as people write it: `组/标签`, or `标签` alone. */
export function splitTagName(name: string): { group?: string; tag: string } {
  const slash = name.indexOf('/')
  return slash < 0
    ? { tag: name.trim() }
    : { group: name.slice(0, slash).trim(), tag: name.slice(slash + 1).trim() }
}

/** Those that a name means, letter case ignored where no tag is written exactly so; more than one are ambiguous. */
export function tagsNamed<T extends Pick<Tag, 'name' | 'groupName'>>(tags: readonly T[], name: string): T[] {
  const { group, tag } = splitTagName(name)
  const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()
  const exact = tags.filter(one => one.name === tag && (group === undefined || one.groupName === group))
  if (exact.length > 0) return exact
  return tags.filter(one => same(one.name, tag) && (group === undefined || same(one.groupName, group)))
}

/** At most three names that look like what was written. */
export function nearestTags(name: string, tags: readonly Pick<Tag, 'name' | 'groupName'>[]): string[] {
  const { tag: wanted } = splitTagName(name)
  const close = tags
    .map(tag => ({
      tag,
      far: tag.name.includes(wanted) || wanted.includes(tag.name) ? 0.5 : distance(wanted, tag.name),
    }))
    .filter(({ tag, far }) => far <= Math.max(1, Math.floor(Math.max(tag.name.length, wanted.length) / 2)))
    .sort((a, b) => a.far - b.far)
  return [...new Set(close.slice(0, 3).map(({ tag }) => `${tag.groupName}/${tag.name}`))]
}

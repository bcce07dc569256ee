import type { Profile, Stage, TagView } from '../api.ts'
import { texts } from './texts/first.ts'

/** A write to a customer: what is sent, how the profile looks meanwhile, and what takes it back. */
export interface Change {
  path: 'tags' | 'remark' | 'stage'
  body: { add: string[]; remove: string[] } | { remark: string } | { stage: Stage }
  preview(profile: Profile): Profile
  done: string
  back(): Change
}

const withFollow = (profile: Profile, change: Partial<Profile['follow']>): Profile => ({
  ...profile,
  follow: { ...profile.follow, ...change },
})

export function tagChange(add: readonly TagView[], remove: readonly TagView[]): Change {
  const removed = new Set(remove.map(tag => tag.tagId))
  return {
    path: 'tags',
    body: { add: add.map(tag => tag.tagId), remove: [...removed] },
    preview: profile => {
      const kept = profile.follow.tags.filter(tag => !removed.has(tag.tagId))
      const there = new Set(kept.map(tag => tag.tagId))
      return withFollow(profile, { tags: [...kept, ...add.filter(tag => !there.has(tag.tagId))] })
    },
    done: texts.customer.tagsSaved,
    back: () => tagChange(remove, add),
  }
}

export function remarkChange(remark: string, before: string): Change {
  return {
    path: 'remark',
    body: { remark },
    preview: profile => withFollow(profile, { remark }),
    done: texts.customer.remarkSaved,
    back: () => remarkChange(before, remark),
  }
}

export function stageChange(stage: Stage, before: Stage): Change {
  return {
    path: 'stage',
    body: { stage },
    preview: profile => withFollow(profile, { stage }),
    done: texts.customer.stageSaved(stage),
    back: () => stageChange(before, stage),
  }
}

import { useEffect, useState } from 'preact/hooks'
import type { TagGroups, TagView } from '../../../api.ts'
import { Icon } from '../../components/icon.tsx'
import { icons } from '../../icons/first.ts'
import '../../components/chips.css'
import { SearchBox } from '../../components/search-box.tsx'
import { Sheet } from '../../components/sheet.tsx'
import { get } from '../../http.ts'
import { State } from '../../states/state.tsx'
import { tagTexts } from '../../texts/edit.ts'
import { texts } from '../../texts/first.ts'
import './tag-sheet.css'

const words = tagTexts

type Groups = TagGroups['groups']

export function TagSheet(props: {
  chosen: readonly TagView[]
  onClose(): void
  onSave(add: TagView[], remove: TagView[]): void
}) {
  const [groups, setGroups] = useState<Groups | null>(null)
  const [failed, setFailed] = useState(false)
  /** Only what was touched here: the others may change below the sheet. Null is taken away. */
  const [touched, setTouched] = useState<ReadonlyMap<string, TagView | null>>(new Map())
  const [query, setQuery] = useState('')

  useEffect(() => {
    if (groups !== null || failed) return
    get<TagGroups>('tags').then(
      answer => setGroups(answer.groups),
      () => setFailed(true),
    )
  }, [groups, failed])

  const chosen = new Map(props.chosen.map(tag => [tag.tagId, tag]))
  for (const [tagId, tag] of touched) {
    if (tag === null) chosen.delete(tagId)
    else chosen.set(tagId, tag)
  }
  const toggle = (tag: TagView) =>
    setTouched(new Map(touched).set(tag.tagId, chosen.has(tag.tagId) ? null : tag))
  const save = () => {
    const before = new Set(props.chosen.map(tag => tag.tagId))
    props.onSave(
      [...chosen.values()].filter(tag => !before.has(tag.tagId)),
      props.chosen.filter(tag => !chosen.has(tag.tagId)),
    )
  }
  const shown = groups === null ? [] : matching(groups, query.trim().toLowerCase())
  return (
    <Sheet
      title={texts.customer.tags}
      onClose={props.onClose}
      footer={
        <>
          <span class="sheet-note">{words.chosen(chosen.size)}</span>
          <button type="button" class="button button-primary" onClick={save}>
            {words.save}
          </button>
        </>
      }
    >
      <SearchBox label={words.searchTags} value={query} onType={setQuery} />
      {failed && <State name="failed" onAction={() => setFailed(false)} />}
      {groups !== null && shown.length === 0 && (
        <p class="nothing">{groups.length === 0 ? words.noTagsAtAll : words.noTagFound}</p>
      )}
      {shown.map(group => (
        <fieldset key={group.groupId} class="tag-choice">
          <legend>{group.name}</legend>
          {group.tags.map(({ tagId, name }) => {
            const on = chosen.has(tagId)
            return (
              <button
                key={tagId}
                type="button"
                class="chip"
                aria-pressed={on}
                onClick={() => toggle({ tagId, name, group: group.name })}
              >
                {on && <Icon d={icons.check} size={14} />}
                {name}
              </button>
            )
          })}
        </fieldset>
      ))}
    </Sheet>
  )
}

function matching(groups: Groups, query: string): Groups {
  if (query === '') return groups.filter(group => group.tags.length > 0)
  return groups
    .map(group => {
      const all = group.name.toLowerCase().includes(query)
      return { ...group, tags: group.tags.filter(tag => all || tag.name.toLowerCase().includes(query)) }
    })
    .filter(group => group.tags.length > 0)
}

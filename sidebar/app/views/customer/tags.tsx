import { useRef, useState } from 'preact/hooks'
import type { Profile, TagView } from '../../../api.ts'
import { Icon } from '../../components/icon.tsx'
import { LazyView, lazy } from '../../components/lazy.tsx'
import type { Customer } from '../../customer.ts'
import { tagChange } from '../../customer-changes.ts'
import { icons } from '../../icons/first.ts'
import { texts } from '../../texts/first.ts'
import './tags.css'

const words = texts.customer
const sheet = lazy(async () => (await import('./tag-sheet.tsx')).TagSheet)

export function Tags(props: { customer: Customer; profile: Profile; writable: boolean }) {
  const { customer, profile, writable } = props
  const { tags, personalTags } = profile.follow
  const [open, setOpen] = useState(false)
  const edit = useRef<HTMLButtonElement>(null)
  return (
    <section class="card" aria-label={words.tags}>
      <div class="card-head">
        <h2>{words.tags}</h2>
        {profile.editable && (
          <button
            ref={edit}
            type="button"
            class="text-button"
            disabled={!writable}
            onClick={() => setOpen(true)}
          >
            {tags.length === 0 ? words.addTags : words.editTags}
          </button>
        )}
      </div>
      {tags.length === 0 && <p class="nothing">{words.noTags}</p>}
      {byGroup(tags).map(([group, inside]) => (
        <div key={group} class="tag-group">
          <span class="tag-group-name">{group}</span>
          <ul>
            {inside.map(tag => (
              <li key={tag.tagId} class="tag">
                <span>{tag.name}</span>
                {profile.editable && (
                  <button
                    type="button"
                    aria-label={words.removeTag(tag.name)}
                    disabled={!writable}
                    onClick={() => {
                      edit.current?.focus()
                      customer.change(tagChange([], [tag]))
                    }}
                  >
                    <Icon d={icons.close} size={12} />
                  </button>
                )}
              </li>
            ))}
          </ul>
        </div>
      ))}
      {personalTags.length > 0 && (
        <div class="tag-group">
          <span class="tag-group-name">{words.personalTags}</span>
          <ul>
            {personalTags.map(name => (
              <li key={name} class="tag tag-personal">
                <span>{name}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {open && (
        <LazyView
          quiet
          view={sheet}
          with={{
            chosen: tags,
            onClose: () => setOpen(false),
            onSave: (add: TagView[], remove: TagView[]) => {
              setOpen(false)
              if (add.length + remove.length > 0) customer.change(tagChange(add, remove))
            },
          }}
        />
      )}
    </section>
  )
}

function byGroup(tags: readonly TagView[]): [string, TagView[]][] {
  const groups = new Map<string, TagView[]>()
  for (const tag of tags) groups.set(tag.group, [...(groups.get(tag.group) ?? []), tag])
  return [...groups]
}

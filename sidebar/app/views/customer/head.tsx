import { useRef, useState } from 'preact/hooks'
import { type Profile, type Stage, stages } from '../../../api.ts'
import { Avatar } from '../../components/avatar.tsx'
import { copy } from '../../components/copy.ts'
import { Icon } from '../../components/icon.tsx'
import { LazyView, lazy } from '../../components/lazy.tsx'
import type { Customer } from '../../customer.ts'
import { remarkChange, stageChange } from '../../customer-changes.ts'
import { icons } from '../../icons/first.ts'
import { texts } from '../../texts/first.ts'
import './head.css'

const words = texts.customer
const remarkEditor = lazy(async () => (await import('./remark-editor.tsx')).RemarkEditor)

export function Head(props: { customer: Customer; profile: Profile; writable: boolean }) {
  const { customer, profile, writable } = props
  const { follow } = profile
  const [editing, setEditing] = useState(false)
  const edit = useRef<HTMLButtonElement>(null)
  const stop = () => {
    setEditing(false)
    requestAnimationFrame(() => edit.current?.focus())
  }
  const name = follow.remark || profile.name || words.noName
  const below = [
    follow.remark !== '' && profile.name !== '' && `${words.nickname} ${profile.name}`,
    profile.position,
  ].filter(Boolean)

  return (
    <header class="head">
      <Avatar id={profile.externalUserid} name={profile.name || name} src={profile.avatar} size="large" />
      <div class="head-main">
        {editing ? (
          <LazyView
            quiet
            view={remarkEditor}
            with={{
              value: follow.remark,
              onCancel: stop,
              onSave: (remark: string) => {
                stop()
                if (remark !== follow.remark) customer.change(remarkChange(remark, follow.remark))
              },
            }}
          />
        ) : (
          <div class="head-name">
            <h2>{name}</h2>
            <Gender gender={profile.gender} />
            <span class={profile.corpName === '' ? 'from-wechat' : 'from-corp'}>
              {profile.corpName === '' ? words.wechat : `@${profile.corpName}`}
            </span>
          </div>
        )}
        {!editing && (
          <p class="head-below">
            {below.length > 0 && <span>{below.join(' · ')}</span>}
            {profile.editable && (
              <button
                ref={edit}
                type="button"
                class="text-button"
                disabled={!writable}
                onClick={() => setEditing(true)}
              >
                {follow.remark === '' ? words.addRemark : words.editRemark}
              </button>
            )}
          </p>
        )}
        <div class="head-chips">
          <StageChip
            stage={follow.stage}
            writable={writable}
            onChange={stage => customer.change(stageChange(stage, follow.stage))}
          />
          {follow.mobiles.map(mobile => (
            <button
              key={mobile}
              type="button"
              class="mobile"
              aria-label={words.copyMobile(mobile)}
              onClick={() => copy(mobile, words.mobile)}
            >
              <Icon d={icons.phone} size={14} />
              {mobile}
            </button>
          ))}
        </div>
      </div>
    </header>
  )
}

function Gender(props: { gender: number }) {
  const name = words.genders[props.gender]
  if (!name) return null
  return (
    <span class={`gender gender-${props.gender}`} role="img" aria-label={name}>
      {props.gender === 1 ? '♂' : '♀'}
    </span>
  )
}

function StageChip(props: { stage: Stage; writable: boolean; onChange(stage: Stage): void }) {
  return (
    <span class={`stage stage-${stages.indexOf(props.stage)}`}>
      <select
        aria-label={words.stage}
        value={props.stage}
        disabled={!props.writable}
        onChange={event => {
          const stage = stages.find(one => one === event.currentTarget.value)
          if (stage !== undefined && stage !== props.stage) props.onChange(stage)
        }}
      >
        {stages.map(stage => (
          <option key={stage} value={stage}>
            {stage}
          </option>
        ))}
      </select>
      <Icon d={icons.down} size={14} />
    </span>
  )
}

import { useEffect, useState } from 'preact/hooks'
import type { GroupMember, GroupView as Shown } from '../../../api.ts'
import { Chips } from '../../components/chips.tsx'
import { Icon } from '../../components/icon.tsx'
import { MoreByItself } from '../../components/more-by-itself.tsx'
import { SearchBox } from '../../components/search-box.tsx'
import { Skeleton } from '../../components/skeleton.tsx'
import { type Group, groupOf } from '../../group.ts'
import { icons } from '../../icons/first.ts'
import { moreIcons } from '../../icons/rest.ts'
import { now } from '../../now.ts'
import { returns } from '../../reread.ts'
import { State } from '../../states/state.tsx'
import { groupTexts } from '../../texts/group.ts'
import { shortTime } from '../../time.ts'
import './group-view.css'
import { MemberRow } from './member-row.tsx'

const words = groupTexts
const kinds = ['outsider', 'customer', 'staff'] as const
const pageSize = 60

export function GroupView(props: { chatId: string; onOpen(externalUserid: string): void }) {
  const group = groupOf(props.chatId)
  useEffect(() => void group.load(), [group, returns.value])
  const view = group.view.value
  if (view !== null) return <Members group={group} view={view} onOpen={props.onOpen} />
  const trouble = group.trouble.value
  if (trouble === null) return <Skeleton />
  const again = () => {
    group.trouble.value = null
    void group.load()
  }
  return <State name={trouble} onAction={again} />
}

function Members(props: { group: Group; view: Shown; onOpen(externalUserid: string): void }) {
  const { group, view } = props
  const [query, setQuery] = useState('')
  const [kind, setKind] = useState('')
  const [shown, setShown] = useState(pageSize)
  const outsiders = view.members.filter(member => member.kind === 'outsider').length
  const found = view.members.filter(
    member => (kind === '' || member.kind === kind) && named(member, query.trim().toLowerCase()),
  )
  const sorted = [...found].sort((one, other) => rank(one) - rank(other))
  return (
    <div class="group" data-group={view.chatId}>
      <Head view={view} onRefresh={() => group.load(true)} />
      <section class="card group-members">
        {outsiders > 0 && (
          <p class="group-hint">
            <Icon d={icons.join} size={16} />
            {words.outsiders(outsiders)}
          </p>
        )}
        <SearchBox label={words.search} value={query} onType={setQuery} />
        <Chips
          label={words.search}
          options={kinds
            .map(key => ({
              key,
              name: words.kinds[key],
              count: view.members.filter(member => member.kind === key).length,
            }))
            .filter(option => option.count > 0)}
          chosen={kind}
          onChoose={key => setKind(key === kind ? '' : key)}
        />
        {sorted.length === 0 && <p class="nothing">{words.noneFound}</p>}
        <ul class="member-list">
          {sorted.slice(0, shown).map(member => (
            <li key={member.id}>
              <MemberRow member={member} onOpen={props.onOpen} />
            </li>
          ))}
        </ul>
        {sorted.length > shown && (
          <MoreByItself busy={false} onMore={() => setShown(count => count + pageSize)} />
        )}
      </section>
    </div>
  )
}

function Head(props: { view: Shown; onRefresh(): Promise<void> }) {
  const { view } = props
  const [busy, setBusy] = useState(false)
  return (
    <header class="head group-head">
      <span class="group-face" aria-hidden="true">
        <Icon d={moreIcons.group} size={26} />
      </span>
      <div class="head-main">
        <div class="head-name">
          <h2>{view.name || words.unnamed}</h2>
        </div>
        <p class="head-below">
          <span>
            {words.count(view.members.length)} · {words.owner} {view.owner} ·{' '}
            {words.readAt(shortTime(view.readAt, now.value))}
          </span>
        </p>
      </div>
      <button
        type="button"
        class="icon-button"
        aria-label={words.refresh}
        disabled={busy}
        onClick={async () => {
          setBusy(true)
          await props.onRefresh()
          setBusy(false)
        }}
      >
        <Icon d={moreIcons.refresh} />
      </button>
      {view.notice !== '' && (
        <details class="group-notice">
          <summary>
            <Icon d={moreIcons.notice} size={16} />
            <span>
              <span class="off-screen">{words.notice}：</span>
              {view.notice}
            </span>
          </summary>
        </details>
      )}
    </header>
  )
}

function named(member: GroupMember, query: string): boolean {
  return query === '' || `${member.name}\n${member.groupNickname}`.toLowerCase().includes(query)
}

/** Those whom nobody has added first: there is something to do about them. */
function rank(member: GroupMember): number {
  return kinds.indexOf(member.kind) * 4 + (member.mine || member.isOwner ? 0 : member.isAdmin ? 1 : 2)
}

import type { GroupMember } from '../../../api.ts'
import { Avatar } from '../../components/avatar.tsx'
import { Icon } from '../../components/icon.tsx'
import { moreIcons } from '../../icons/rest.ts'
import { now } from '../../now.ts'
import { groupTexts } from '../../texts/group.ts'
import { dayText } from '../../time.ts'

const words = groupTexts

/** A customer of one's own can be opened; everybody else is only named. */
export function MemberRow(props: { member: GroupMember; onOpen(externalUserid: string): void }) {
  const { member } = props
  const inside = (
    <>
      <Avatar id={member.id} name={member.name} />
      <span class="member-main">
        <span class="member-name">
          <span>{member.groupNickname || member.name}</span>
          {member.isOwner && <span class="badge badge-owner">{words.owner}</span>}
          {!member.isOwner && member.isAdmin && <span class="badge">{words.admin}</span>}
        </span>
        <span class="member-below">
          {[
            member.groupNickname !== '' && member.groupNickname !== member.name && member.name,
            belongs(member),
            member.joinedAt !== null && words.joined(dayText(member.joinedAt, now.value)),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </span>
    </>
  )
  if (!member.mine) return <div class="member">{inside}</div>
  return (
    <button
      type="button"
      class="member"
      aria-label={words.openIt(member.name)}
      onClick={() => props.onOpen(member.id)}
    >
      {inside}
      <Icon d={moreIcons.forward} size={16} />
    </button>
  )
}

function belongs(member: GroupMember): string {
  if (member.kind !== 'customer') return words.kinds[member.kind]
  if (member.mine) return words.mine
  return member.followers.length > 0 ? words.followers(member.followers.join('、')) : words.kinds.customer
}

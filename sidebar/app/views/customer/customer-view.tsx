import { useEffect } from 'preact/hooks'
import type { Boot, Profile } from '../../../api.ts'
import { Banner } from '../../components/banner.tsx'
import { Icon } from '../../components/icon.tsx'
import { Skeleton } from '../../components/skeleton.tsx'
import { offline } from '../../connection.ts'
import { type Customer, customerOf } from '../../customer.ts'
import { icons } from '../../icons/first.ts'
import { returns } from '../../reread.ts'
import { State } from '../../states/state.tsx'
import { texts } from '../../texts/first.ts'
import { Composer } from './composer.tsx'
import './customer-view.css'
import { Facts } from './facts.tsx'
import { Head } from './head.tsx'
import { Tags } from './tags.tsx'
import { Timeline } from './timeline.tsx'

/** For somebody who has just been added the welcome and the first tags are still being worked on. */
const newMs = 60_000
const againMs = [1_000, 3_000, 8_000]

export function CustomerView(props: {
  me: Boot['me']
  externalUserid: string
  onScripts(): void
  /** Where the customer was opened out of a group. */
  onBack?: () => void
}) {
  const customer = customerOf(props.externalUserid)
  useEffect(() => void customer.load(), [customer, returns.value])
  const addedAt = customer.profile.value?.follow.addedAt ?? null
  useEffect(() => {
    if (addedAt === null || Date.now() - Date.parse(addedAt) > newMs) return
    const timers = againMs.map(ms => setTimeout(() => void customer.load(), ms))
    return () => timers.forEach(clearTimeout)
  }, [customer, addedAt])
  return (
    <>
      {props.onBack && (
        <button type="button" class="back" onClick={props.onBack}>
          <Icon d={icons.back} size={16} />
          {texts.back}
        </button>
      )}
      <Body customer={customer} me={props.me} onScripts={props.onScripts} />
    </>
  )
}

function Body(props: { customer: Customer; me: Boot['me']; onScripts(): void }) {
  const { customer } = props
  const profile = customer.profile.value
  if (profile === null) {
    if (customer.asking.value) return <State name="asking" />
    const trouble = customer.trouble.value
    if (trouble === null) return <Skeleton />
    if (trouble === 'not_yours') return <State name={trouble} onAction={props.onScripts} />
    const again = () => {
      customer.trouble.value = null
      void customer.load()
    }
    return <State name={trouble} onAction={again} />
  }
  const writable = profile.editable && !offline.value
  return (
    <article class="customer" data-customer={profile.externalUserid}>
      <ReadOnlyNote profile={profile} />
      <Head customer={customer} profile={profile} writable={writable} />
      <Tags customer={customer} profile={profile} writable={writable} />
      <Facts profile={profile} />
      {profile.editable && <Composer externalUserid={profile.externalUserid} userid={props.me.userid} />}
      <Timeline customer={customer} />
    </article>
  )
}

function ReadOnlyNote(props: { profile: Profile }) {
  const { editable, follow } = props.profile
  return editable ? null : <Banner name={follow.status} who={follow.staffName} />
}

import type { Profile } from '../../../api.ts'
import { now } from '../../now.ts'
import { texts } from '../../texts/first.ts'
import { dayText, fullTime, shortTime } from '../../time.ts'
import './facts.css'

const words = texts.customer

export function Facts(props: { profile: Profile }) {
  const { follow, others } = props.profile
  const source = [follow.addWay, follow.state].filter(text => text !== '').join(' · ')
  return (
    <dl class="card facts">
      <div>
        <dt>{words.addedAt}</dt>
        <dd title={follow.addedAt === null ? undefined : fullTime(follow.addedAt)}>
          {follow.addedAt === null ? words.unknown : dayText(follow.addedAt, now.value)}
        </dd>
      </div>
      <div>
        <dt>{words.lastFollowUp}</dt>
        <dd title={follow.lastFollowUpAt === null ? undefined : fullTime(follow.lastFollowUpAt)}>
          {follow.lastFollowUpAt === null ? words.never : shortTime(follow.lastFollowUpAt, now.value)}
        </dd>
      </div>
      {/* A channel's mark is long as a rule. */}
      <div class={follow.state === '' ? undefined : 'facts-wide'}>
        <dt>{words.source}</dt>
        <dd>{source || words.unknown}</dd>
      </div>
      {others.length > 0 && (
        <div>
          <dt>{words.others}</dt>
          <dd>{others.map(other => other.name).join('、')}</dd>
        </div>
      )}
      {follow.description !== '' && (
        <div class="facts-wide">
          <dt>{words.description}</dt>
          <dd>{follow.description}</dd>
        </div>
      )}
    </dl>
  )
}

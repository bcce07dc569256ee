import { useState } from 'preact/hooks'
import type { TimelineRow } from '../../../api.ts'
import { Icon } from '../../components/icon.tsx'
import { More } from '../../components/more.tsx'
import type { Customer } from '../../customer.ts'
import { icons } from '../../icons/first.ts'
import { now } from '../../now.ts'
import { texts } from '../../texts/first.ts'
import { fullTime, shortTime } from '../../time.ts'
import './timeline.css'

const words = texts.customer

const iconOf: Record<TimelineRow['kind'], string> = {
  added: icons.join,
  confirmed: icons.check,
  removed: icons.leave,
  lost: icons.leave,
  welcomed: icons.wave,
  tagged: icons.tag,
  remarked: icons.edit,
  noted: icons.script,
  recorded: icons.script,
  staged: icons.flag,
  sent: icons.send,
}

export function Timeline(props: { customer: Customer }) {
  const rows = props.customer.timeline.value
  const [busy, setBusy] = useState(false)
  const older = async () => {
    setBusy(true)
    await props.customer.older()
    setBusy(false)
  }
  return (
    <section class="card" aria-label={words.timeline}>
      <div class="card-head">
        <h2>{words.timeline}</h2>
      </div>
      {rows.length === 0 && <p class="nothing">{words.noTimeline}</p>}
      <ol class="timeline">
        {rows.map(row => (
          <li key={row.id} class={`moment moment-${row.kind}`}>
            <span class="moment-icon">
              <Icon d={iconOf[row.kind]} size={14} />
            </span>
            <p class="moment-text">
              <b>{words.kinds[row.kind]}</b> {row.text}
            </p>
            <p class="moment-meta">
              {row.by !== '' && <span>{row.by}</span>}
              <time dateTime={row.at} title={fullTime(row.at)}>
                {shortTime(row.at, now.value)}
              </time>
            </p>
          </li>
        ))}
      </ol>
      {props.customer.hasOlder.value && <More busy={busy} onMore={() => void older()} />}
    </section>
  )
}

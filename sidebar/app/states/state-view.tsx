import { Icon } from '../components/icon.tsx'
import { stateTexts } from '../texts/states.ts'
import { ForAdmin } from './for-admin.tsx'
import './state-view.css'
import { type StateName, states } from './table.ts'

export interface StateProps {
  name: StateName
  onAction?: () => void
  /** Where the action leads, in the place of `onAction`. */
  href?: string
  /** What the client said, for an administrator. */
  forAdmin?: { errMsg: string; url: string }
}

/** Says in a sentence why there is nothing to see and what to do about it. */
export function StateView(props: StateProps) {
  const { icon, tone } = states[props.name]
  const { title, text, action } = stateTexts[props.name]
  return (
    <section class={`state state-${tone}`} data-state={props.name} aria-busy={props.name === 'asking'}>
      <span class="state-icon">
        <Icon d={icon} size={28} />
      </span>
      <h2>{title}</h2>
      <p>{text}</p>
      {action !== '' && props.href !== undefined && (
        <a class="button button-primary" href={props.href}>
          {action}
        </a>
      )}
      {action !== '' && props.onAction !== undefined && (
        <button type="button" class="button button-primary" onClick={props.onAction}>
          {action}
        </button>
      )}
      {props.forAdmin !== undefined && <ForAdmin {...props.forAdmin} />}
    </section>
  )
}

import { useEffect, useState } from 'preact/hooks'
import { hueOf, initials } from '../initials.ts'
import './avatar.css'

/** The name stands in until the picture is there, and where there is none. */
export function Avatar(props: { id: string; name: string; src?: string; size?: 'small' | 'large' }) {
  const src = (props.src ?? '').replace(/^http:/, 'https:')
  const [broken, setBroken] = useState(false)
  useEffect(() => setBroken(false), [src])
  return (
    <span class={`avatar avatar-${props.size ?? 'small'} hue-${hueOf(props.id)}`} aria-hidden="true">
      {initials(props.name)}
      {src !== '' && !broken && (
        <img src={src} alt="" loading="lazy" referrerpolicy="no-referrer" onError={() => setBroken(true)} />
      )}
    </span>
  )
}

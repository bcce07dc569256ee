import type { MaterialView } from '../../api.ts'
import { Icon } from '../components/icon.tsx'
import { moreIcons } from '../icons/rest.ts'
import './material-bubble.css'

/** A material as the chat would show it. */
export function MaterialBubble(props: { material: MaterialView }) {
  const { material } = props
  switch (material.kind) {
    case 'text':
      return <p class="bubble">{material.text}</p>
    case 'image':
      return material.thumb === null ? (
        <p class="bubble bubble-file">
          <Icon d={moreIcons.image} /> {material.title}
        </p>
      ) : (
        <img class="bubble-image" src={material.thumb} alt={material.title} />
      )
    case 'video':
    case 'file':
      return (
        <p class="bubble bubble-file">
          <Icon d={moreIcons[material.kind]} /> {material.title}
        </p>
      )
    case 'link':
      return (
        <div class="bubble bubble-link">
          <span>
            <b>{material.title}</b>
            <span>{material.description || hostOf(material.url)}</span>
          </span>
          {material.thumb === null ? (
            <Icon d={moreIcons.link} size={24} />
          ) : (
            <img src={material.thumb} alt="" />
          )}
        </div>
      )
  }
}

export function hostOf(url: string): string {
  try {
    return new URL(url).host.replace(/^www\./, '')
  } catch {
    return url
  }
}

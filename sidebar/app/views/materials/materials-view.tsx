import { useMemo, useState } from 'preact/hooks'
import type { MaterialPage, MaterialView } from '../../../api.ts'
import { FinderView, type RowKeys } from '../../components/finder-view.tsx'
import { Highlighted } from '../../components/highlighted.tsx'
import { Icon } from '../../components/icon.tsx'
import { SendButton } from '../../components/send-button.tsx'
import { createFinder } from '../../finder.ts'
import { get } from '../../http.ts'
import { moreIcons } from '../../icons/rest.ts'
import { recipient } from '../../place.ts'
import { materialTexts } from '../../texts/library.ts'
import type { Wecom } from '../../wecom.ts'
import { hostOf } from '../material-bubble.tsx'
import { sendHere } from '../send-here.ts'
import { MaterialPreview } from './material-preview.tsx'
import './materials-view.css'

const words = materialTexts

export function MaterialsView(props: { wecom: Wecom; shown: boolean }) {
  const { wecom } = props
  const [opened, setOpened] = useState<MaterialView | null>(null)
  const finder = useMemo(
    () =>
      createFinder<MaterialView>(async (params, signal) => {
        const { materials, ...page } = await get<MaterialPage>(`materials?${params}`, signal)
        return { ...page, items: materials }
      }),
    [],
  )
  const send = (material: MaterialView) => sendHere(wecom, { material: material.key }, material.title)
  const card = (material: MaterialView, keys: RowKeys) => (
    <div class="material">
      <button type="button" class="material-open" onClick={() => setOpened(material)} {...keys}>
        <span class="material-picture">
          <Picture material={material} />
          <span class="material-kind">{words.kinds[material.kind]}</span>
        </span>
        <span class="material-title">
          <Highlighted text={material.title} query={finder.answered.value} />
        </span>
        <span class="material-below">
          {material.kind === 'link' ? hostOf(material.url) : material.description}
        </span>
      </button>
      {recipient.value !== null && (
        <span class="material-send">
          <SendButton
            what={{ material: material.key }}
            label={words.sendIt(material.title)}
            onSend={() => send(material)}
          />
        </span>
      )}
    </div>
  )
  return (
    <>
      <FinderView
        finder={finder}
        shown={props.shown}
        search={words.search}
        label={words.label}
        listClass="material-grid"
        empty="no_materials"
        count={words.found}
        row={card}
        onSend={send}
      />
      {opened !== null && (
        <MaterialPreview
          material={opened}
          onClose={() => setOpened(null)}
          onSend={() => {
            setOpened(null)
            send(opened)
          }}
        />
      )}
    </>
  )
}

function Picture(props: { material: MaterialView }) {
  const { material } = props
  if (material.kind === 'text') return <span class="material-text">{material.text}</span>
  if (material.thumb === null) return <Icon d={moreIcons[material.kind]} size={28} />
  return <img src={material.thumb} alt="" loading="lazy" />
}

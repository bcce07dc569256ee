import { useMemo, useState } from 'preact/hooks'
import type { ScriptPage, ScriptPart, ScriptView } from '../../../api.ts'
import { copy } from '../../components/copy.ts'
import { FinderView, type RowKeys } from '../../components/finder-view.tsx'
import { Highlighted } from '../../components/highlighted.tsx'
import { Icon } from '../../components/icon.tsx'
import { SendButton } from '../../components/send-button.tsx'
import { createFinder, createSearch } from '../../finder.ts'
import { excerpt } from '../../highlight.ts'
import { get } from '../../http.ts'
import { moreIcons } from '../../icons/rest.ts'
import { recipient } from '../../place.ts'
import { scriptTexts } from '../../texts/library.ts'
import type { Wecom } from '../../wecom.ts'
import { sendHere } from '../send-here.ts'
import { ScriptPreview } from './script-preview.tsx'
import { summaryOf, textOf } from './script-text.ts'
import './scripts-view.css'

const words = scriptTexts

/** Goes along from one chat to the next. */
const search = createSearch()

export function ScriptsView(props: {
  wecom: Wecom /** Whom the variables are filled for. */
  customer: string | null
  shown: boolean
}) {
  const { wecom, customer } = props
  const [opened, setOpened] = useState<ScriptView | null>(null)
  const finder = useMemo(
    () =>
      createFinder<ScriptView>(async (params, signal) => {
        if (customer !== null) params.set('externalUserid', customer)
        const { scripts, ...page } = await get<ScriptPage>(`scripts?${params}`, signal)
        return { ...page, items: scripts }
      }, search),
    [customer],
  )
  const send = (script: ScriptView) => sendHere(wecom, { script: script.key }, script.title)
  const row = (script: ScriptView, keys: RowKeys) => (
    <div class="script">
      <button type="button" class="script-open" onClick={() => setOpened(script)} {...keys}>
        <span class="script-title">
          <span>
            <Highlighted text={script.title} query={finder.answered.value} />
          </span>
          {script.parts.length > 1 && <span class="badge">{words.parts(script.parts.length)}</span>}
          <Kinds parts={script.parts} />
        </span>
        <span class="script-text">
          <Highlighted
            text={excerpt(summaryOf(script.parts), finder.answered.value)}
            query={finder.answered.value}
          />
        </span>
      </button>
      {recipient.value === null ? (
        <button
          type="button"
          class="send-button"
          aria-label={words.copyIt(script.title)}
          onClick={() => copy(textOf(script.parts), words.words)}
        >
          <Icon d={moreIcons.copy} />
        </button>
      ) : (
        <SendButton
          what={{ script: script.key }}
          label={words.sendIt(script.title)}
          onSend={() => send(script)}
        />
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
        listClass="script-list"
        empty="no_scripts"
        count={words.found}
        row={row}
        onSend={send}
      />
      {opened !== null && (
        <ScriptPreview
          script={opened}
          wecom={wecom}
          onClose={() => setOpened(null)}
          onSend={() => send(opened)}
        />
      )}
    </>
  )
}

function Kinds(props: { parts: readonly ScriptPart[] }) {
  const kinds = new Set(props.parts.map(part => ('text' in part ? 'text' : part.material.kind)))
  return (
    <>
      {kinds.has('image') && (
        <span class="kind" title={words.withPicture}>
          <Icon d={moreIcons.image} size={14} />
          <span class="off-screen">{words.withPicture}</span>
        </span>
      )}
      {kinds.has('link') && (
        <span class="kind" title={words.withLink}>
          <Icon d={moreIcons.link} size={14} />
          <span class="off-screen">{words.withLink}</span>
        </span>
      )}
    </>
  )
}

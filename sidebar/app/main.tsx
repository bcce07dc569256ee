import './theme.css'
import { render } from 'preact'
import { readBoot } from './boot.ts'
import { Alone } from './components/alone.tsx'
import { watchConnection } from './connection.ts'
import { get } from './http.ts'
import { watchClock } from './now.ts'
import { locate, place } from './place.ts'
import { rereadPlace, watchReturn } from './reread.ts'
import { Shell } from './shell.tsx'
import { State } from './states/state.tsx'
import { createWecom } from './wecom.ts'

const root = document.getElementById('app')
const boot = readBoot()

if (root !== null && boot !== null) {
  const wecom = createWecom(boot)
  // Before the first paint of ours: the client's answer is what everything waits for.
  void locate(wecom)
  root.replaceChildren()
  render(<Shell boot={boot} wecom={wecom} />, root)
  watchClock()
  watchReturn(wecom)
  watchConnection(
    () => get('tags'),
    () => void (place.value.kind === 'outside' || rereadPlace(wecom)),
  )
} else if (root !== null) {
  root.replaceChildren()
  render(
    <Alone>
      <State name="crashed" onAction={() => location.reload()} />
    </Alone>,
    root,
  )
}

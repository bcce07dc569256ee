import './theme.css'
import './base.css'
import './shell.css'
import { render } from 'preact'
import { Alone } from './components/alone.tsx'
import { loggedOut, watchConnection } from './connection.ts'
import { get } from './http.ts'
import { watchClock } from './now.ts'
import { locate, place } from './place.ts'
import { rereadPlace, watchReturn } from './reread.ts'
import { Shell } from './shell.tsx'
import { readStarted } from './started.ts'
import { State } from './states/state.tsx'

/** How long a client that answers slowly keeps the page from being used. */
const patienceMs = 100
const youngMs = 1_000

const root = document.getElementById('app')
const started = readStarted()

if (root !== null && started !== undefined) {
  const { boot, wecom, begunAt } = started
  started.onLoggedOut(() => {
    loggedOut.value = true
  })
  let drawn = false
  const draw = () => {
    if (drawn) return
    drawn = true
    root.replaceChildren()
    render(<Shell boot={boot} wecom={wecom} />, root)
  }
  // The frame of the page stands in its HTML. What everything waits for comes before drawing it anew: which customer
  // this is, and the request for the profile.
  void locate(wecom)
    .then(draw)
    .then(() => {
      // The answer that was waiting is as old as the way of this script was long.
      if (performance.now() - begunAt > youngMs) return locate(wecom)
    })
  setTimeout(draw, patienceMs)
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

import { useEffect, useState } from 'preact/hooks'
import type { Boot } from '../../api.ts'
import { LazyView, lazy } from '../components/lazy.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { locate, place } from '../place.ts'
import { State } from '../states/state.tsx'
import type { Wecom } from '../wecom.ts'
import { CustomerView } from './customer/customer-view.tsx'

const groups = lazy(async () => (await import('./group/group-view.tsx')).GroupView)

/** Whoever or whatever the chat beside the page is about. */
export function Here(props: { me: Boot['me']; wecom: Wecom; onScripts(): void }) {
  const { me, wecom, onScripts } = props
  const here = place.value
  /** A customer opened out of a group. */
  const [member, setMember] = useState<string | null>(null)
  useEffect(() => setMember(null), [here])
  const again = () => void locate(wecom)

  switch (here.kind) {
    case 'starting':
      return <Skeleton />
    case 'outside':
    case 'wrong_entry':
      return <State name={here.kind} onAction={onScripts} />
    case 'no_answer':
    case 'failed':
      return <State name={here.kind} onAction={again} />
    case 'refused':
      return <State name="refused" onAction={again} forAdmin={{ errMsg: here.errMsg, url: here.url }} />
    case 'customer':
      return (
        <CustomerView
          key={here.externalUserid}
          me={me}
          externalUserid={here.externalUserid}
          onScripts={onScripts}
        />
      )
    case 'group':
      if (member === null) return <LazyView view={groups} with={{ chatId: here.chatId, onOpen: setMember }} />
      return (
        <CustomerView
          key={member}
          me={me}
          externalUserid={member}
          onScripts={onScripts}
          onBack={() => setMember(null)}
        />
      )
  }
}

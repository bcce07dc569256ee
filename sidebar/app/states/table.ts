import { icons } from '../icons/first.ts'
import { moreIcons } from '../icons/rest.ts'
import type { stateTexts } from '../texts/states.ts'

/** A whole view's worth of "not now": its words are in `texts/states.ts`. */
export type StateName = keyof typeof stateTexts

/** `calm` states are nobody's fault; `warn` ones want something done. */
export const states = {
  logged_out: { icon: moreIcons.lock, tone: 'calm' },
  outside: { icon: moreIcons.chat, tone: 'calm' },
  wrong_entry: { icon: moreIcons.chat, tone: 'calm' },
  no_answer: { icon: moreIcons.clock, tone: 'warn' },
  refused: { icon: moreIcons.shield, tone: 'warn' },
  asking: { icon: moreIcons.refresh, tone: 'calm' },
  not_synced: { icon: moreIcons.person, tone: 'calm' },
  not_yours: { icon: moreIcons.shield, tone: 'calm' },
  not_your_group: { icon: moreIcons.shield, tone: 'calm' },
  offline: { icon: moreIcons.offline, tone: 'warn' },
  platform_failing: { icon: moreIcons.cloud, tone: 'warn' },
  failed: { icon: moreIcons.alert, tone: 'warn' },
  crashed: { icon: moreIcons.alert, tone: 'warn' },
  no_scripts: { icon: icons.script, tone: 'calm' },
  no_materials: { icon: moreIcons.image, tone: 'calm' },
  none_found: { icon: moreIcons.search, tone: 'calm' },
} as const satisfies Record<StateName, { icon: string; tone: 'calm' | 'warn' }>

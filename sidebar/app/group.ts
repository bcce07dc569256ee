import { type Signal, signal } from '@preact/signals'
import type { GroupView } from '../api.ts'
import { CallError, get, reasonOf } from './http.ts'
import type { StateName } from './states/table.ts'
import { show } from './toast.ts'

export interface Group {
  chatId: string
  view: Signal<GroupView | null>
  trouble: Signal<StateName | null>
  /** `fresh` asks WeCom itself; what is shown stays meanwhile. */
  load(fresh?: boolean): Promise<void>
}

const troubles: Partial<Record<CallError['code'], StateName>> = {
  offline: 'offline',
  not_your_group: 'not_your_group',
  platform_unavailable: 'platform_failing',
}

let kept: Group | null = null

export function groupOf(chatId: string): Group {
  if (kept?.chatId !== chatId) kept = createGroup(chatId)
  return kept
}

function createGroup(chatId: string): Group {
  const view = signal<GroupView | null>(null)
  const trouble = signal<StateName | null>(null)
  return {
    chatId,
    view,
    trouble,
    async load(fresh = false) {
      try {
        view.value = await get<GroupView>(`groups/${encodeURIComponent(chatId)}${fresh ? '?fresh=1' : ''}`)
        trouble.value = null
      } catch (error) {
        const state = (error instanceof CallError && troubles[error.code]) || 'failed'
        if (state === 'not_your_group') view.value = null
        if (view.value === null) trouble.value = state
        else if (fresh) show({ text: reasonOf(error), bad: true })
      }
    },
  }
}

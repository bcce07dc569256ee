import { eventCodes } from './why-codes-event.ts'
import { handlerCodes } from './why-codes-handler.ts'
import { tagCodes } from './why-codes-tag.ts'
import { welcomeCodes } from './why-codes-welcome.ts'
import type { Said } from './why-said.ts'

/** Everything that can be found out about an add, with its words in both voices. */
export const findingCodes = {
  ...welcomeCodes,
  ...eventCodes,
  ...handlerCodes,
  ...tagCodes,
} as const satisfies Record<string, Said<never>>

export type FindingCode = keyof typeof findingCodes
export type DataOf<C extends FindingCode> = (typeof findingCodes)[C] extends Said<infer D> ? D : never

/** Whether a finding tells of the welcome, of tags, or of both. */
export type About = 'welcome' | 'tag' | 'both'

interface FindingOf<C extends FindingCode> {
  code: C
  about: About
  data: DataOf<C>
  /** Nothing that is missing is missing because of it, so that there is nothing to be done about it. */
  aside?: true
}

/** One thing that was found out. */
export type Finding = { [C in FindingCode]: FindingOf<C> }[FindingCode]

export function finding<C extends FindingCode>(code: C, about: About, data: DataOf<C>): Finding {
  return { code, about, data } as Finding
}

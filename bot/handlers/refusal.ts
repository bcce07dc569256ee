/** Why the store did not do what was asked of it; nothing was changed. */
export const refusals = {
  unknown: 'there is no handler of this key; handlers list shows the keys that there are',
  never_published: 'has never been published; publish its draft first',
  broken: 'cannot run',
  no_draft: 'has no draft',
  no_revision: 'has no such revision',
  built_in: 'comes with the release and would be back after the next start; switch it off instead',
  key: 'is no key: lower-case letters, digits and hyphens, 64 at most, such as welcome-spring-fair',
} as const

export type RefusalCode = keyof typeof refusals

/** What was asked cannot be done with this handler. The message is English and one sentence. */
export class HandlerRefused extends Error {
  readonly code: RefusalCode
  readonly key: string
  constructor(code: RefusalCode, key: string, detail = '', options?: ErrorOptions) {
    super(`${key}: ${refusals[code]}${detail === '' ? '' : `: ${detail}`}`, options)
    this.name = 'HandlerRefused'
    this.code = code
    this.key = key
  }
}

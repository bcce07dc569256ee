/** Why the client did not do what the SDK asked it for. */
export type SdkTrouble =
  | 'no_permission'
  | 'not_supported'
  | 'wrong_entry'
  | 'bad_signature'
  | 'cancelled'
  | 'no_answer'
  /** Another chat is open by now. */
  | 'other_chat'
  /** Our own server gave no signature. */
  | 'unsigned'
  | 'failed'

/** What the client called back, read; `errMsg` is its own text, for administrators. */
export class SdkError extends Error {
  declare readonly trouble: SdkTrouble
  declare readonly errMsg: string

  constructor(trouble: SdkTrouble, errMsg: string) {
    super(errMsg)
    this.name = 'SdkError'
    this.trouble = trouble
    this.errMsg = errMsg
  }
}

/** Clients write the same refusal with spaces, underscores or nothing between the words. */
const patterns: readonly [SdkTrouble, RegExp][] = [
  ['cancelled', /:\s*cancel/i],
  ['wrong_entry', /without[ _]?context/i],
  ['bad_signature', /invalid[ _]?(signature|corp|agent|url)/i],
  ['not_supported', /not[ _]?exist/i],
  ['no_permission', /no[ _]?permission|permission[ _]?denied|access[ _]?denied/i],
]

/** Codes say more than words, where the client gives one. */
const codes: Readonly<Record<number, SdkTrouble>> = { 40093: 'bad_signature', 80001: 'bad_signature' }

/** The SDK rejects with the client's plain answer, or with an Error of its own. */
export function readSdkError(error: unknown): SdkError {
  // Not by its class: `start.ts` has one of its own.
  if (error instanceof Error && 'trouble' in error) return error as SdkError
  const answer = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  const text = answer.errMsg ?? answer.err_msg ?? answer.errmsg ?? answer.message
  const errMsg = typeof text === 'string' ? text : String(error)
  const code = Number(answer.errCode ?? answer.err_code)
  const byCode = codes[code]
  const byText = patterns.find(([, pattern]) => pattern.test(errMsg))?.[0]
  return new SdkError(byCode ?? byText ?? 'failed', code > 0 ? `${errMsg} (${code})` : errMsg)
}

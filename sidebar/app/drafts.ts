import { newKey } from './key.ts'

/** What was written and not yet saved. The key goes with the text: sent again it is saved once. */
export interface Draft {
  text: string
  key: string
}

const nameOf = (userid: string, externalUserid: string) => `draft/${userid}/${externalUserid}`

export function readDraft(userid: string, externalUserid: string): Draft {
  try {
    const stored = sessionStorage.getItem(nameOf(userid, externalUserid))
    if (stored !== null) return JSON.parse(stored) as Draft
  } catch {
    // Storage can be switched off; the text then lives as long as the page.
  }
  return { text: '', key: newKey() }
}

export function keepDraft(userid: string, externalUserid: string, draft: Draft): void {
  try {
    if (draft.text === '') sessionStorage.removeItem(nameOf(userid, externalUserid))
    else sessionStorage.setItem(nameOf(userid, externalUserid), JSON.stringify(draft))
  } catch {
    // As above.
  }
}

/**
 * The form in which userids are compared: WeCom keeps the case that an admin typed and ignores it in every comparison
 * (`path/90196`), and some answers bring userids back in lower case (`path/90236`).
 */
export function useridKey(userid: string): string {
  return userid.toLowerCase()
}

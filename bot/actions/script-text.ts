/**
 * Fills what is known while nobody is chosen yet: the staff member's own name. The customer's place stays visible, for
 * the staff member to fill in.
 */
export function fillPlaceholders(text: string, staffName: string): string {
  return text.replace(/\{\{\s*(staff|customer)\.name\b[^}]*\}\}/g, (_place, who: string) =>
    who === 'staff' ? staffName : '〔客户称呼〕',
  )
}

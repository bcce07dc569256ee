const hues = 8

/** What stands in the place of a picture: the last two signs of a Chinese name, as a rule; the first letter of another. */
export function initials(name: string): string {
  const chinese = name.replace(/^(.+)(先生|女士|小姐|老师|经理|总)$/, '$1').match(/\p{Script=Han}/gu)
  if (chinese !== null) {
    const last = chinese.slice(-2)
    // Of 夏天的风 the end alone is no word.
    return (last[0] === '的' ? chinese.slice(0, 2) : last).join('')
  }
  return (Array.from(name.trim())[0] ?? '?').toUpperCase()
}

/** Stays the same for the same person: 0 to 7. */
export function hueOf(id: string): number {
  let sum = 0
  for (const sign of id) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) >>> 0
  return sum % hues
}

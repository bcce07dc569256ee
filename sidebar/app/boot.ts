import type { Boot } from '../api.ts'

/** What the server put into the page; null when it is not there or not whole. */
export function readBoot(): Boot | null {
  const text = document.getElementById('boot')?.textContent
  if (!text) return null
  try {
    return JSON.parse(text) as Boot
  } catch {
    return null
  }
}

import { texts } from '../texts/first.ts'
import { show } from '../toast.ts'

/** Into the clipboard; says so with `what` it was. */
export async function copy(text: string, what: string): Promise<void> {
  const done = (await byClipboard(text)) || bySelection(text)
  show(done ? { text: texts.copied(what) } : { text: texts.notCopied, bad: true })
}

async function byClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Older web views have none, and a frame may be forbidden to use it.
    return false
  }
}

function bySelection(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'off-screen'
  // In a modal dialog everything outside is inert.
  const host = document.querySelector('dialog[open]') ?? document.body
  host.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  return done
}

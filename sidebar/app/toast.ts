import { signal } from '@preact/signals'

export interface Toast {
  text: string
  bad?: boolean
  action?: { label: string; run(): void }
}

/** The one that is shown; it goes by itself. */
export const toast = signal<Toast | null>(null)

export function show(next: Toast): void {
  toast.value = next
}

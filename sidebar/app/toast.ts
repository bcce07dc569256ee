import { signal } from '@preact/signals'
import type { Customer } from './customer.ts'

export interface Toast {
  text: string
  bad?: boolean
  /** Whom it is about: named where somebody else is shown. */
  of?: Pick<Customer, 'externalUserid' | 'profile'>
  action?: { label: string; run(): void }
}

/** The one that is shown; it goes by itself. */
export const toast = signal<Toast | null>(null)

export function show(next: Toast): void {
  toast.value = next
}

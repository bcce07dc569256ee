import type { PassiveAnswer } from '../../models/inbox-event.ts'

/**
 * The HTTP response of a message as long as it can still carry an answer (`path/90241`). Whoever answers reserves the
 * slot first, so that the budget's end and an answer that is being stored don't cross.
 */
interface Slot {
  state: 'open' | 'reserved' | 'closed'
  answer: Promise<PassiveAnswer | undefined>
  /** Connections of the message that have opened it and not left it. */
  users: number
  settle(answer: PassiveAnswer | undefined): void
}

export interface ReplySlots {
  /**
   * Waits for the answer to a message, at most the budget.
   *
   * @returns undefined when there is none in time; what is said later goes out as an app message
   */
  wait(eventId: string, budgetMs: number): Promise<PassiveAnswer | undefined>
  /**
   * Opens the response of a message before it is handled; connections of one message share it.
   *
   * @returns how a connection that cannot wait for it leaves it: it is closed when no other one has opened it
   */
  open(eventId: string): () => void
  /** @returns false when the response is gone, or taken by another answer */
  reserve(eventId: string): boolean
  /** Sends the answer that the slot was reserved for; undefined gives it up. */
  settle(eventId: string, answer: PassiveAnswer | undefined): void
  /** Nothing more will be said. */
  close(eventId: string): void
}

export function createReplySlots(): ReplySlots {
  const slots = new Map<string, Slot>()

  function close(eventId: string): void {
    const slot = slots.get(eventId)
    if (slot?.state !== 'open') return
    slot.state = 'closed'
    slots.delete(eventId)
    slot.settle(undefined)
  }

  return {
    open(eventId) {
      const slot = slots.get(eventId) ?? opened()
      slots.set(eventId, slot)
      slot.users += 1
      return () => {
        slot.users -= 1
        if (slot.users === 0 && slots.get(eventId) === slot) close(eventId)
      }
    },
    async wait(eventId, budgetMs) {
      const slot = slots.get(eventId)
      if (slot === undefined) return undefined
      const timer = setTimeout(() => close(eventId), budgetMs)
      try {
        return await slot.answer
      } finally {
        clearTimeout(timer)
      }
    },
    reserve(eventId) {
      const slot = slots.get(eventId)
      if (slot?.state !== 'open') return false
      slot.state = 'reserved'
      return true
    },
    settle(eventId, answer) {
      slots.get(eventId)?.settle(answer)
      slots.delete(eventId)
    },
    close,
  }
}

function opened(): Slot {
  let settle: Slot['settle'] = () => undefined
  const answer = new Promise<PassiveAnswer | undefined>(resolve => {
    settle = resolve
  })
  return { state: 'open', answer, users: 0, settle }
}

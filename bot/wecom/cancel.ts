/**
 * Ends one call from outside: its caller gives it up, or the client is closed. A call waits for one thing at a time, and
 * says here how that wait is ended; that costs far less than an AbortSignal for each step of each call.
 */
export interface Cancel {
  given: boolean
  reason: unknown
  /** Ends the present wait; undefined while the call waits for nothing. */
  onGiveUp: ((reason: unknown) => void) | undefined
}

export function createCancel(): Cancel {
  return { given: false, reason: undefined, onGiveUp: undefined }
}

/** Gives a call up: whatever it waits for ends now, and it waits for nothing more. */
export function giveUp(cancel: Cancel, reason: unknown): void {
  if (cancel.given) return
  cancel.given = true
  cancel.reason = reason
  cancel.onGiveUp?.(reason)
}

/** The promise's outcome, or the reason of a call that is given up before; the work behind the promise goes on. */
export function unlessGivenUp<T>(cancel: Cancel, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const over = (): void => {
      if (cancel.onGiveUp === reject) cancel.onGiveUp = undefined
    }
    // Listened to in any case: that a call was given up is no reason for nobody to hear of a failure.
    promise.then(
      value => {
        over()
        resolve(value)
      },
      error => {
        over()
        reject(error)
      },
    )
    if (cancel.given) reject(cancel.reason)
    else cancel.onGiveUp = reject
  })
}

import type { ChatMessage } from '../api.ts'
import { readSdkError, type SdkError } from './sdk-error.ts'

export interface SendPorts {
  /** Into the chat; rejects when it was not sent. */
  send(message: ChatMessage): Promise<void>
  report(part: number, ok: boolean, errMsg: string): Promise<unknown>
  /** Called before each part. */
  begins(part: number): void
}

export interface SendResult {
  /** The part that was not sent, and why; those after it were not tried. */
  failed: { part: number; error: SdkError } | null
  /** Parts whose outcome the server could not be told; known once it has been tried. */
  unreported: Promise<number[]>
}

/**
 * Sends from part `from` on, one after the other, and stops at the first that fails. Reports don't hold up the chat: a
 * message that was sent stays sent.
 */
export async function sendInOrder(
  messages: readonly ChatMessage[],
  from: number,
  ports: SendPorts,
): Promise<SendResult> {
  const reports: Promise<number | null>[] = []
  const tell = (part: number, ok: boolean, errMsg: string) => {
    reports.push(
      ports.report(part, ok, errMsg).then(
        () => null,
        () => part,
      ),
    )
  }
  let failed: SendResult['failed'] = null
  for (const [part, message] of messages.entries()) {
    if (part < from) continue
    ports.begins(part)
    try {
      await ports.send(message)
      tell(part, true, '')
    } catch (cause) {
      const error = readSdkError(cause)
      failed = { part, error }
      tell(part, false, error.errMsg)
      break
    }
  }
  return { failed, unreported: Promise.all(reports).then(told => told.filter(part => part !== null)) }
}

import {
  env,
  getContext,
  getCurExternalChat,
  getCurExternalContact,
  register,
  sendChatMessage,
} from '@wecom/jssdk'
import {
  type Boot,
  type ChatMessage,
  entries,
  type Recipient,
  type Signature,
  type SignatureRequest,
} from '../api.ts'
import { readSdkError, SdkError } from './sdk-error.ts'

/** What the client says is open beside the page. */
export type Where =
  | { kind: 'customer'; externalUserid: string; maySend: boolean }
  | { kind: 'group'; chatId: string; maySend: boolean }
  | { kind: 'wrong_entry' }

export interface Wecom {
  /** False in an ordinary browser, where every call of the SDK would wait for ever. */
  readonly inside: boolean
  /** Rejects with `SdkError`, or never settles. */
  where(): Promise<Where>
  /**
   * Into the chat that is open (`path/94315`), when that is the one it is meant for: people change chats while a page
   * stays. Rejects with `SdkError`.
   */
  send(message: ChatMessage, to: Recipient): Promise<void>
}

/** A person may be asked first whether to send. */
const sendTimeoutMs = 60_000
const answerTimeoutMs = 5_000

/** @param sign asks the server for a signature */
export function createWecom(boot: Boot, sign: (request: SignatureRequest) => Promise<Signature>): Wecom {
  let unused = boot.agentConfig
  let registered = false

  /** The page was born with a signature, good once and for the address that it was asked for. */
  async function signatureFor(url: string, kind: SignatureRequest['kind']): Promise<Signature> {
    if (kind === 'agent' && unused !== null && url === boot.url) {
      const signature = unused
      unused = null
      return signature
    }
    return sign({ url, kind })
  }

  function registerOnce(): void {
    if (registered) return
    registered = true
    // The SDK leaves its own failed promise to nobody; the calls that waited for it tell us all the same.
    const told = new WeakSet<object>()
    const onFail = (error: object) => told.add(error)
    addEventListener('unhandledrejection', event => {
      if (typeof event.reason === 'object' && event.reason !== null && told.has(event.reason))
        event.preventDefault()
    })
    register({
      corpId: boot.corpId,
      agentId: boot.agentId,
      jsApiList: ['getContext', 'getCurExternalContact', 'getCurExternalChat', 'sendChatMessage'],
      // Only clients before 3.0.24 are asked for this one.
      getConfigSignature: url => signatureFor(url, 'corp'),
      getAgentConfigSignature: url => signatureFor(url, 'agent'),
      onConfigFail: onFail,
      onAgentConfigFail: onFail,
    })
  }

  return {
    inside: env.isWeCom,

    async where() {
      registerOnce()
      // All at once: which of the answers counts is known with the first.
      const context = getContext().then(
        answer => String(answer.entry),
        (error: unknown) => oldClient(readSdkError(error)),
      )
      const contact = getCurExternalContact().then(({ userId }) => userId, readSdkError)
      const chat = getCurExternalChat().then(({ chatId }) => chatId, readSdkError)
      const entry = await context
      if (entry !== null && !(entries as readonly string[]).includes(entry)) return { kind: 'wrong_entry' }
      const maySend = entry !== 'contact_profile'
      if (entry !== 'group_chat_tools') {
        const externalUserid = await contact
        if (typeof externalUserid === 'string') return { kind: 'customer', externalUserid, maySend }
        const mayBeGroup = entry === 'chat_attachment' || entry === null
        if (!mayBeGroup || externalUserid.trouble !== 'wrong_entry') return refused(externalUserid)
      }
      const chatId = await chat
      return typeof chatId === 'string' ? { kind: 'group', chatId, maySend } : refused(chatId)
    },

    async send(message, to) {
      try {
        const open = await within(answerTimeoutMs, openChat(to))
        if (!open) throw new SdkError('other_chat', 'sendChatMessage:other chat')
        await within(sendTimeoutMs, sendChatMessage(message))
      } catch (error) {
        throw readSdkError(error)
      }
    },
  }
}

/** Whether the chat that is open is this one. */
async function openChat(to: Recipient): Promise<boolean> {
  try {
    if ('chatId' in to) return (await getCurExternalChat()).chatId === to.chatId
    return (await getCurExternalContact()).userId === to.externalUserid
  } catch (error) {
    if (readSdkError(error).trouble === 'wrong_entry') return false
    throw error
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SdkError('no_answer', 'sendChatMessage:timeout')), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Clients before 3.0.24 can't say where the page was opened; what they give then tells. */
function oldClient(error: SdkError): null {
  if (error.trouble !== 'not_supported') throw error
  return null
}

function refused(error: SdkError): Where {
  if (error.trouble === 'wrong_entry') return { kind: 'wrong_entry' }
  throw error
}

import { newCall } from './call.ts'
import { type Cancel, createCancel, giveUp } from './cancel.ts'
import { WecomClosedError } from './errors.ts'
import { createSender } from './http.ts'
import { BOUNDS, type Bounds, createLimiter } from './limiter.ts'
import { withFallback } from './limits/fallback.ts'
import { createMemoryLimits } from './limits/memory.ts'
import { claimNotices } from './limits/notices.ts'
import type { LimitStore } from './limits/store.ts'
import { assertPicture, assertUpload } from './media.ts'
import type { CallPath, MethodPath, Methods, Priority } from './methods.ts'
import { type Answer, compose, type Send, type Upload } from './pipeline.ts'
import { allowMany, untilAborted } from './signals.ts'
import type { TokenStore } from './token-store.ts'
import { type AppCredentials, createTokens, type TokenStop, type Tokens } from './tokens.ts'
import { limitTransformer } from './transformers/limit.ts'
import { messagesTransformer } from './transformers/messages.ts'
import { holdTransformer, orderTransformer } from './transformers/order.ts'
import { type CallRecord, recordTransformer } from './transformers/record.ts'
import { retryTransformer } from './transformers/retry.ts'
import { tokenTransformer } from './transformers/token.ts'
import type { MediaType } from './wire/message.ts'

export interface WecomOptions {
  /** The public platform by default. */
  apiBase?: string
  /** Shared by all instances. */
  store: TokenStore
  /** Counts what the platform limits, for all instances together; for this process alone by default. */
  limits?: LimitStore
  /** What the platform allows, where it is not the public one. */
  bounds?: Partial<Bounds>
  log?: (entry: CallRecord) => void
  /** Told when the platform has refused an app's credentials, on whichever instance, and when that is over. */
  onTokenStop?: (app: AppCredentials, stop: TokenStop | undefined) => void
  /** Told with the error when `limits` does not answer and each instance takes its part, and without when it does again. */
  onLimitsAway?: (error: unknown) => void
  /** First wait before a repetition, doubled each time; 300 ms by default. */
  retryBaseMs?: number
  /** How long an endpoint is left alone after 45009; a minute, the platform's shortest window, by default. */
  backoffMs?: number
}

export interface CallOptions {
  /** What made us call, as the id of an event; only recorded. */
  cause?: string
  /** Of one try. */
  timeoutMs?: number
  /** Of all tries together, waiting for the call's turn and between them included. */
  budgetMs?: number
  /** Further tries after the first; 2 by default. */
  retries?: number
  priority?: Priority
  signal?: AbortSignal
  /** Told when a request of this call begins to be sent; before that, nothing of it has been. */
  onSending?: () => void
  /** Calls of one key run one after the other; changes of a follow have theirs by default. */
  serialKey?: string
}

export interface AppClient {
  readonly corpId: string
  /** As text; parameters named `agentid` want it as a number. */
  readonly agentId: string
  /**
   * Calls an endpoint (`METHODS` names its official page) and gives its answer as it travelled.
   *
   * @throws WecomError when the platform refuses, WecomNetworkError when it gives no answer, WecomClosedError, or the
   * reason of `options.signal`
   */
  call<K extends CallPath>(
    path: K,
    params: Methods[K]['params'],
    options?: CallOptions,
  ): Promise<Methods[K]['result']>
  /**
   * Counts one notice to each of these members who has room for one among the notices of a minute.
   *
   * @returns those who may get it now
   */
  claimNotices(userids: readonly string[]): Promise<string[]>
  /** Uploads temporary media (`path/90253`). @throws as `call`, and MediaRefusedError before anything is sent */
  upload(type: MediaType, file: Upload, options?: CallOptions): Promise<Methods['media/upload']['result']>
  /**
   * Uploads a picture that stays (`path/90256`): its address is shown inside of WeCom only. At most 1,000 a day and 3,000
   * a month for the corp. @throws as `upload`
   */
  uploadPicture(file: Upload, options?: CallOptions): Promise<Methods['media/uploadimg']['result']>
  /**
   * The JS-SDK ticket (`path/90506`) that signatures are made with, shared by all instances like the access token:
   * `agent` for agentConfig, `corp` for config.
   *
   * @throws as `call`; the reason of `signal`, while the fetch goes on
   */
  ticket(kind: TicketKind, signal?: AbortSignal): Promise<string>
  /**
   * Why no instance fetches a token any more, when the platform refused the credentials: that lasts over restarts, until
   * there are new ones, or `resume`.
   */
  tokenStop(): Promise<TokenStop | undefined>
  /** Why there is no ticket of this kind, when the platform refused it; it is asked for again after a minute. */
  ticketStop(kind: TicketKind): Promise<TokenStop | undefined>
  /** Lets all instances fetch tokens again, once an operator has mended what was wrong. */
  resume(): Promise<void>
}

export type TicketKind = 'agent' | 'corp'

export interface Wecom {
  app(credentials: AppCredentials): AppClient
  /** Ends what is still under way with WecomClosedError, and closes the connections. */
  close(): Promise<void>
}

/** A ticket may be refused for a while only, and nothing is blocked by asking for it now and then. */
const TICKET_REFUSED_MS = 60_000

/** The platform's API for any number of apps. Nothing is opened before the first call. */
export function createWecom(options: WecomOptions): Wecom {
  const closing = new AbortController()
  const closed = closing.signal
  const underWay = new Map<Cancel, Promise<Answer>>()
  let ended: Promise<void> | undefined
  const { apiBase = 'https://qyapi.weixin.qq.com', retryBaseMs = 300, backoffMs = 60_000 } = options
  const shared = options.limits && withFallback(options.limits, options.onLimitsAway)
  const limiter = createLimiter({
    store: shared ?? createMemoryLimits(),
    bounds: { ...BOUNDS, ...options.bounds },
    closed,
  })
  const { onTokenStop: onStop } = options
  const tokens = createTokens({
    store: options.store,
    path: 'gettoken',
    fetchToken,
    closed,
    ...(onStop && { onStop }),
  })
  const tickets = {
    agent: createTickets('agent', 'ticket/get', app => start(app, 'ticket/get', { type: 'agent_config' })),
    corp: createTickets('corp', 'get_jsapi_ticket', app => start(app, 'get_jsapi_ticket', {})),
  }
  const sender = createSender({ apiBase, backoffMs })
  const send: Send = compose(
    [
      orderTransformer(limiter),
      retryTransformer({ baseMs: retryBaseMs }),
      tokenTransformer(tokens),
      messagesTransformer(limiter),
      limitTransformer(limiter),
      holdTransformer(limiter),
      ...(options.log ? [recordTransformer(options.log)] : []),
    ],
    sender.send,
  )

  return {
    app: app => ({
      corpId: app.corpId,
      agentId: app.agentId,
      call: (path, params, given) => start(app, path, params, given),
      claimNotices: userids =>
        claimNotices(
          { store: limiter.store, window: limiter.bounds.notices },
          `${app.corpId}:${app.agentId}`,
          userids,
        ),
      async upload(type, file, given) {
        assertUpload(type, file)
        return start(app, 'media/upload', { type }, given, file)
      },
      async uploadPicture(file, given) {
        assertPicture(file)
        return start(app, 'media/uploadimg', {}, given, file)
      },
      async ticket(kind, signal) {
        return tickets[kind].current(app) ?? (await untilAborted(tickets[kind].get(app), signal))
      },
      tokenStop: () => tokens.stopped(app),
      ticketStop: kind => tickets[kind].stopped(app),
      async resume() {
        for (const one of [tokens, tickets.agent, tickets.corp]) await one.resume(app)
      },
    }),
    async close() {
      if (!closed.aborted) closing.abort(new WecomClosedError())
      for (const cancel of [...underWay.keys()]) giveUp(cancel, closed.reason)
      ended ??= endAll()
      await ended
    },
  }

  /** What a call has to give back is given back before the stores may be closed. */
  async function endAll(): Promise<void> {
    await Promise.allSettled(underWay.values())
    for (const one of [tokens, tickets.agent, tickets.corp]) await one.settled()
    await shared?.settled()
    await sender.close()
  }

  function fetchToken(app: AppCredentials): Promise<{ value: string; expiresIn: number }> {
    const credentials = { corpid: app.corpId, corpsecret: app.secret }
    return start(app, 'gettoken', credentials).then(({ access_token, expires_in }) => ({
      value: access_token,
      expiresIn: expires_in,
    }))
  }

  function createTickets(
    kind: TicketKind,
    path: 'ticket/get' | 'get_jsapi_ticket',
    fetchTicket: (app: AppCredentials) => Promise<Methods['get_jsapi_ticket']['result']>,
  ): Tokens {
    return createTokens({
      store: options.store,
      path,
      kind: `ticket-${kind}`,
      closed,
      refusedMs: TICKET_REFUSED_MS,
      fetchToken: async app => {
        const { ticket, expires_in } = await fetchTicket(app)
        return { value: ticket, expiresIn: expires_in }
      },
    })
  }

  async function start<K extends MethodPath>(
    app: AppCredentials,
    path: K,
    params: Methods[K]['params'],
    given: CallOptions = {},
    file?: Upload,
  ): Promise<Methods[K]['result']> {
    if (closed.aborted) throw closed.reason
    const { signal } = given
    const cancel = createCancel()
    const follow = (): void => giveUp(cancel, signal?.reason)
    if (signal?.aborted) follow()
    else if (signal !== undefined) {
      allowMany(signal)
      signal.addEventListener('abort', follow, { once: true })
    }
    if (cancel.given) throw cancel.reason
    // Whoever has handed the parameters over may go on with them.
    const answering = send(newCall(app, path, { ...params }, given, cancel, file))
    underWay.set(cancel, answering)
    try {
      const answer = await answering
      // The answer has the shape that the endpoint's page documents; nothing here could check more.
      return answer as Answer & Methods[K]['result']
    } finally {
      underWay.delete(cancel)
      signal?.removeEventListener('abort', follow)
    }
  }
}

import { Agent } from 'undici'
import { WecomClosedError } from './errors.ts'
import { createSend } from './http.ts'
import { createLimiter, type RateStore } from './limiter.ts'
import { assertUpload } from './media.ts'
import {
  type CallPath,
  METHODS,
  type MethodPath,
  type MethodSpec,
  type Methods,
  type Priority,
} from './methods.ts'
import { type Answer, type Call, compose, type Send, type Upload } from './pipeline.ts'
import { withSignal } from './signals.ts'
import { type AppCredentials, createTokens, type TokenStop, type TokenStore, type Tokens } from './tokens.ts'
import { limitTransformer } from './transformers/limit.ts'
import { orderTransformer } from './transformers/order.ts'
import { type CallRecord, recordTransformer } from './transformers/record.ts'
import { retryTransformer } from './transformers/retry.ts'
import { tokenTransformer } from './transformers/token.ts'
import type { MediaType } from './wire/message.ts'

export interface WecomOptions {
  /** The public platform by default. */
  apiBase?: string
  /** Shared by all instances. */
  store: TokenStore
  /** Counts calls for the rate limits; in this process by default. */
  rates?: RateStore
  log?: (entry: CallRecord) => void
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
  /** Uploads temporary media (`path/90253`). @throws as `call`, and MediaRefusedError before anything is sent */
  upload(type: MediaType, file: Upload, options?: CallOptions): Promise<Methods['media/upload']['result']>
  /**
   * The JS-SDK ticket (`path/90506`) that signatures are made with, shared by all instances like the access token:
   * `agent` for agentConfig, `corp` for config.
   *
   * @throws as `call`; the reason of `signal`, while the fetch goes on
   */
  ticket(kind: TicketKind, signal?: AbortSignal): Promise<string>
  /** Why no token is fetched any more, when the platform refused the credentials. */
  tokenStop(): TokenStop | undefined
  /** Why there is no ticket of this kind, when the platform refused it; it is asked for again after a minute. */
  ticketStop(kind: TicketKind): TokenStop | undefined
  /** Lets tokens be fetched again, once an operator has mended what was wrong. */
  resume(): void
}

export type TicketKind = 'agent' | 'corp'

export interface Wecom {
  app(credentials: AppCredentials): AppClient
  /** Ends what is still under way with WecomClosedError, and closes the connections. */
  close(): Promise<void>
}

const TIMES = {
  interactive: { timeoutMs: 5_000, budgetMs: 15_000 },
  bulk: { timeoutMs: 20_000, budgetMs: 150_000 },
} as const satisfies Record<Priority, { timeoutMs: number; budgetMs: number }>

const CONNECTIONS = 64
/** A ticket may be refused for a while only, and nothing is blocked by asking for it now and then. */
const TICKET_REFUSED_MS = 60_000

/** The platform's API for any number of apps. Nothing is opened before the first call. */
export function createWecom(options: WecomOptions): Wecom {
  const closing = new AbortController()
  const closed = closing.signal
  let ended: Promise<void> | undefined
  const dispatcher = new Agent({ connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 })
  const { apiBase = 'https://qyapi.weixin.qq.com', retryBaseMs = 300, backoffMs = 60_000 } = options
  const limiter = createLimiter({ closed, ...(options.rates && { rates: options.rates }) })
  const tokens = createTokens({ store: options.store, fetchToken, closed })
  const tickets = {
    agent: createTickets('agent', app => start(app, 'ticket/get', { type: 'agent_config' })),
    corp: createTickets('corp', app => start(app, 'get_jsapi_ticket', {})),
  }
  const send: Send = compose(
    [
      orderTransformer(limiter),
      retryTransformer({ baseMs: retryBaseMs }),
      tokenTransformer(tokens),
      limitTransformer(limiter),
      recordTransformer(options.log ?? (() => {})),
    ],
    createSend({ apiBase, dispatcher, backoffMs }),
  )

  return {
    app: app => ({
      corpId: app.corpId,
      agentId: app.agentId,
      call: (path, params, given) => start(app, path, params, given),
      async upload(type, file, given) {
        assertUpload(type, file)
        return start(app, 'media/upload', { type }, given, file)
      },
      ticket: (kind, signal) => tickets[kind].get(app, signal),
      tokenStop: () => tokens.stopped(app),
      ticketStop: kind => tickets[kind].stopped(app),
      resume() {
        for (const one of [tokens, tickets.agent, tickets.corp]) one.resume(app)
      },
    }),
    async close() {
      if (!closed.aborted) closing.abort(new WecomClosedError())
      ended ??= dispatcher.close()
      await ended
    },
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
    fetchTicket: (app: AppCredentials) => Promise<Methods['get_jsapi_ticket']['result']>,
  ): Tokens {
    return createTokens({
      store: options.store,
      kind: `ticket-${kind}`,
      closed,
      refusedMs: TICKET_REFUSED_MS,
      fetchToken: async app => {
        const { ticket, expires_in } = await fetchTicket(app)
        return { value: ticket, expiresIn: expires_in }
      },
    })
  }

  function start<K extends MethodPath>(
    app: AppCredentials,
    path: K,
    params: Methods[K]['params'],
    given: CallOptions = {},
    file?: Upload,
  ): Promise<Methods[K]['result']> {
    return withSignal([closed, given.signal], async signal => {
      signal.throwIfAborted()
      const answer = await send(callOf(app, path, { ...params }, given, signal, file))
      // The answer has the shape that the endpoint's page documents; nothing here could check more.
      return answer as Answer & Methods[K]['result']
    })
  }
}

function callOf(
  app: AppCredentials,
  path: MethodPath,
  params: Record<string, unknown>,
  given: CallOptions,
  signal: AbortSignal,
  file: Upload | undefined,
): Call {
  const spec: MethodSpec = METHODS[path]
  const { priority = spec.priority, cause } = given
  const record =
    given.serialKey ??
    spec.record
      ?.map(name => params[name])
      .join(':')
      .toLowerCase()
  return {
    app,
    path,
    spec,
    params,
    priority,
    signal,
    attempt: 1,
    retries: given.retries ?? 2,
    timeoutMs: given.timeoutMs ?? spec.timeoutMs ?? TIMES[priority].timeoutMs,
    budgetMs: given.budgetMs ?? TIMES[priority].budgetMs,
    ...(file !== undefined && { file }),
    ...(cause !== undefined && { cause }),
    ...(record !== undefined && { record }),
  }
}

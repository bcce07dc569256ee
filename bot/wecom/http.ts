import { type Dispatcher, Pool } from 'undici'
import { errcodeInfo } from './errcodes.ts'
import { type NetworkFailure, WecomError, WecomNetworkError } from './errors.ts'
import { mediaForm } from './media.ts'
import { type Answer, type Call, lateError, type Send } from './pipeline.ts'

/**
 * Connections to the platform, which are kept open between calls. More than one endpoint's calls may be under way at a
 * time, so there are several times as many as one endpoint needs; they are opened when they are wanted.
 */
const CONNECTIONS = 256

/** Sends to one host. */
export interface Sender {
  /**
   * Sends one request and reads its answer. Business errors come with status 200; anything else is no answer.
   *
   * @throws WecomError, WecomNetworkError, or the reason of a call that is given up
   */
  send: Send
  /** Closes the connections, whatever is under way. */
  close(): Promise<void>
}

/** @param backoffMs what a refusal for frequency (45009, 45036) asks for. Nothing is opened before the first call. */
export function createSender({ apiBase, backoffMs }: { apiBase: string; backoffMs: number }): Sender {
  const { origin, pathname } = new URL(apiBase)
  const base = `${pathname.replace(/\/+$/, '')}/cgi-bin/`
  const pool = new Pool(origin, { connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 })

  return {
    async send(call) {
      return checked(call, parsed(call, await exchange(pool, base, call)))
    },
    close: () => pool.destroy(),
  }

  function checked(call: Call, answer: Answer): Answer {
    const { errcode = 0, errmsg = '' } = answer
    if (errcode === 0) return answer
    if (typeof errcode !== 'number') throw failed(call, 'body', 'an errcode that is no number')
    const failure = { path: call.path, errcode, errmsg: withoutSecrets(call, String(errmsg)) }
    const backoff = errcodeInfo(errcode).reaction === 'backoff'
    throw new WecomError(backoff ? { ...failure, retryAfterMs: backoffMs } : failure)
  }
}

/** One request at the dispatcher's own level: neither a stream nor a signal is made for it. */
function exchange(pool: Pool, base: string, call: Call): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const { cancel } = call
    if (cancel.given) {
      reject(cancel.reason)
      return
    }
    const leftMs = call.endsAt - performance.now()
    if (leftMs <= 0) {
      reject(lateError(call))
      return
    }
    const request = {
      path: `${base}${call.path}${queryOf(call)}`,
      method: call.spec.verb,
      ...contentOf(call),
    }
    const timeoutMs = Math.min(call.timeoutMs, leftMs)
    let controller: Dispatcher.DispatchController | undefined
    let over = false
    let status = 0
    const chunks: Buffer[] = []
    const settle = (): boolean => {
      if (over) return false
      over = true
      clearTimeout(timer)
      cancel.onGiveUp = undefined
      return true
    }
    const end = (reason: unknown): void => {
      if (!settle()) return
      reject(reason)
      controller?.abort(reason as Error)
    }
    // Until then it waits for a place in the pool, a connection or TLS: nothing of it has been written.
    const unlessStarted = (failure: NetworkFailure): NetworkFailure =>
      controller === undefined ? 'connect' : failure
    const timer = setTimeout(
      () => end(failed(call, unlessStarted('timeout'), `none in ${Math.round(timeoutMs)} ms`)),
      timeoutMs,
    )
    cancel.onGiveUp = end
    pool.dispatch(request, {
      onRequestStart(started) {
        controller = started
        // It was given up in the queue: nothing is sent.
        if (over) started.abort(new Error('given up'))
        else call.onSending?.()
      },
      onResponseStart(_controller, statusCode) {
        status = statusCode
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk)
      },
      onResponseEnd() {
        if (!settle()) return
        if (status === 200) resolve(Buffer.concat(chunks).toString())
        else reject(failed(call, 'http', `status ${status}`, { status }))
      },
      onResponseError(_controller, error) {
        if (settle()) reject(failed(call, unlessStarted('socket'), codeOf(error), { cause: error }))
      },
    })
  })
}

/** The part of the address after the path. */
function queryOf(call: Call): string {
  const { token, params, spec } = call
  let query = token === undefined ? '' : `?access_token=${encodeURIComponent(token)}`
  const names = spec.verb === 'GET' ? Object.keys(params) : spec.query
  for (const name of names ?? []) {
    const value = params[name]
    if (value === undefined) continue
    query += `${query === '' ? '?' : '&'}${encodeURIComponent(name)}=${encoded(String(value))}`
  }
  return query
}

/** Half of a surrogate pair has no place in an address. */
function encoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'))
}

const JSON_BODY = { 'content-type': 'application/json' }

function contentOf(call: Call): { headers?: Record<string, string>; body?: string | Buffer } {
  if (call.spec.verb === 'GET') return {}
  if (call.file) {
    const form = mediaForm(call.file)
    return { headers: { 'content-type': form.contentType }, body: form.body }
  }
  const { params, spec } = call
  const fields =
    spec.query === undefined
      ? params
      : Object.fromEntries(Object.entries(params).filter(([name]) => !spec.query?.includes(name)))
  return { headers: JSON_BODY, body: withoutEscapes(JSON.stringify(fields)) }
}

/**
 * The platform refuses bodies with `\uxxxx` (40033). JSON writes so only what no text should hold: control characters
 * and halves of surrogate pairs.
 */
function withoutEscapes(json: string): string {
  if (!json.includes('\\u')) return json
  return json.replace(/\\(?:u[0-9a-f]{4}|[^u])/g, found => (found.startsWith('\\u') ? '' : found))
}

function parsed(call: Call, text: string): Answer {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer as Answer
  } catch (cause) {
    throw failed(call, 'body', 'the body is not JSON', { cause })
  }
  throw failed(call, 'body', 'the body is no JSON object')
}

/** The platform may quote what it was given. */
function withoutSecrets({ token, app }: Call, text: string): string {
  return [token, app.secret].reduce<string>(
    (clean, secret) => (secret ? clean.replaceAll(secret, '***') : clean),
    text,
  )
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : 'unknown'
}

function failed(
  call: Call,
  failure: NetworkFailure,
  reason: string,
  more: { status?: number; cause?: unknown } = {},
): WecomNetworkError {
  return new WecomNetworkError({ path: call.path, failure, reason, ...more })
}

import { type Dispatcher, request } from 'undici'
import { errcodeInfo } from './errcodes.ts'
import { type NetworkFailure, WecomError, WecomNetworkError } from './errors.ts'
import { mediaForm } from './media.ts'
import type { Answer, Call, Send } from './pipeline.ts'
import { withSignal } from './signals.ts'

/**
 * Sends one request and reads its answer. Business errors come with status 200; anything else is no answer.
 *
 * @throws WecomError, WecomNetworkError, or the reason of the call's signal
 */
export function createSend(deps: { apiBase: string; dispatcher: Dispatcher; backoffMs: number }): Send {
  const base = deps.apiBase.replace(/\/+$/, '')

  return async call => {
    const text = await withSignal([call.signal], async (signal, abort) => {
      const timer = setTimeout(
        () => abort(failed(call, 'timeout', `none in ${call.timeoutMs} ms`)),
        call.timeoutMs,
      )
      try {
        return await exchange(call, signal)
      } catch (error) {
        throw signal.aborted ? signal.reason : asNetworkError(call, error)
      } finally {
        clearTimeout(timer)
      }
    })
    return checked(call, parsed(call, text))
  }

  async function exchange(call: Call, signal: AbortSignal): Promise<string> {
    const url = `${base}/cgi-bin/${call.path}?${queryOf(call)}`
    const { statusCode, body } = await request(url, {
      dispatcher: deps.dispatcher,
      method: call.spec.verb,
      signal,
      ...contentOf(call),
    })
    const text = await body.text()
    if (statusCode === 200) return text
    throw failed(call, 'http', `status ${statusCode}`, { status: statusCode })
  }

  function checked(call: Call, answer: Answer): Answer {
    const { errcode = 0, errmsg = '' } = answer
    if (errcode === 0) return answer
    if (typeof errcode !== 'number') throw failed(call, 'body', 'an errcode that is no number')
    const failure = { path: call.path, errcode, errmsg: withoutSecrets(call, String(errmsg)) }
    const backoff = errcodeInfo(errcode).reaction === 'backoff'
    throw new WecomError(backoff ? { ...failure, retryAfterMs: deps.backoffMs } : failure)
  }
}

function queryOf(call: Call): URLSearchParams {
  const query = new URLSearchParams()
  if (call.token !== undefined) query.set('access_token', call.token)
  for (const [name, value] of Object.entries(call.params)) {
    if (value !== undefined && inQuery(call, name)) query.set(name, String(value))
  }
  return query
}

function inQuery({ spec }: Call, name: string): boolean {
  return spec.verb === 'GET' || spec.query?.includes(name) === true
}

function contentOf(call: Call): { headers?: Record<string, string>; body?: string | Buffer } {
  if (call.spec.verb === 'GET') return {}
  if (call.file) {
    const form = mediaForm(call.file)
    return { headers: { 'content-type': form.contentType }, body: form.body }
  }
  const fields = Object.entries(call.params).filter(([name]) => !inQuery(call, name))
  const body = withoutEscapes(JSON.stringify(Object.fromEntries(fields)))
  return { headers: { 'content-type': 'application/json' }, body }
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

const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function asNetworkError(call: Call, error: unknown): WecomNetworkError {
  if (error instanceof WecomNetworkError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return failed(call, NOT_CONNECTED.has(code) ? 'connect' : 'socket', code, { cause: error })
}

function failed(
  call: Call,
  failure: NetworkFailure,
  reason: string,
  more: { status?: number; cause?: unknown } = {},
): WecomNetworkError {
  return new WecomNetworkError({ path: call.path, failure, reason, ...more })
}

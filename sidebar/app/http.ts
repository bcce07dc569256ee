import { type ApiError, type ErrorCode, staffHeader } from '../api.ts'
import { apiBase } from './addresses.ts'
import { heard, loggedOut, platformFailing } from './connection.ts'
import { readStarted } from './started.ts'
import { texts } from './texts/first.ts'

/** Long enough for a picture that has to be uploaded to WeCom first. */
const timeoutMs = 30_000

/** What cannot be answered without WeCom. */
const needsPlatform = /\/(tags|remark|refresh)$|\?fresh=1$/

/** A call that was not answered as wished; `message` is for people. */
export class CallError extends Error {
  declare readonly code: ErrorCode | 'offline'

  constructor(code: ErrorCode | 'offline', message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CallError'
    this.code = code
  }
}

/** The same write may be sent again: nobody knows whether it arrived, or the fault passes. */
export function mayPass(error: unknown): boolean {
  return (
    error instanceof CallError &&
    (error.code === 'offline' || error.code === 'failed' || error.code === 'platform_unavailable')
  )
}

export function reasonOf(error: unknown): string {
  return error instanceof CallError ? error.message : texts.errors.failed
}

/** Rejects with the browser's AbortError when `signal` was aborted, else with `CallError`. */
export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call<T>(path, { method: 'GET' }, signal)
}

export function post<T>(path: string, body: object): Promise<T> {
  return call<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function call<T>(path: string, init: RequestInit, signal?: AbortSignal): Promise<T> {
  const abort = new AbortController()
  const stop = () => abort.abort()
  const timer = setTimeout(stop, timeoutMs)
  signal?.addEventListener('abort', stop)
  try {
    const address = apiBase + path
    const ahead = init.method === 'GET' ? readStarted()?.taken(address) : undefined
    const response = await (ahead ??
      fetch(address, {
        ...init,
        headers: { ...init.headers, [staffHeader]: readStarted()?.boot.me.userid ?? '' },
        credentials: 'same-origin',
        signal: abort.signal,
      }))
    const body: unknown = await response.json().catch(() => null)
    heard(true)
    if (response.ok && body !== null) {
      if (needsPlatform.test(path)) platformFailing.value = false
      return body as T
    }
    throw refusalOf(path, response.status, body)
  } catch (error) {
    if (error instanceof CallError || signal?.aborted === true) throw error
    heard(false)
    throw new CallError('offline', texts.errors.offline, { cause: error })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

function refusalOf(path: string, status: number, body: unknown): CallError {
  const told = (body as Partial<ApiError> | null)?.error
  // What stands between us and the server may answer for it, with a status and a page of its own.
  const code = told?.code ?? (status === 401 ? 'not_logged_in' : 'failed')
  if (code === 'not_logged_in') loggedOut.value = true
  if (code === 'platform_unavailable' && path.startsWith('customers/')) platformFailing.value = true
  return new CallError(code, told?.message ?? texts.errors.failed)
}

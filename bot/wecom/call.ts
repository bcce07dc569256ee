import type { Cancel } from './cancel.ts'
import type { CallOptions } from './client.ts'
import { METHODS, type MethodPath, type MethodSpec, type Priority } from './methods.ts'
import type { Call, Upload } from './pipeline.ts'
import type { AppCredentials } from './tokens.ts'

const TIMES = {
  interactive: { timeoutMs: 5_000, budgetMs: 15_000 },
  bulk: { timeoutMs: 20_000, budgetMs: 150_000 },
} as const satisfies Record<Priority, { timeoutMs: number; budgetMs: number }>

/** A call at its beginning: what its caller wants, over what its endpoint and its priority say. */
export function newCall(
  app: AppCredentials,
  path: MethodPath,
  params: Record<string, unknown>,
  given: CallOptions,
  cancel: Cancel,
  file: Upload | undefined,
): Call {
  const spec: MethodSpec = METHODS[path]
  const { priority = spec.priority } = given
  const times = TIMES[priority]
  return {
    app,
    path,
    spec,
    params,
    file,
    cause: given.cause,
    record: given.serialKey ?? recordOf(spec, params),
    priority,
    retries: given.retries ?? 2,
    endsAt: performance.now() + (given.budgetMs ?? spec.budgetMs ?? times.budgetMs),
    timeoutMs: given.timeoutMs ?? spec.timeoutMs ?? times.timeoutMs,
    cancel,
    onSending: given.onSending,
    attempt: 1,
    token: undefined,
  }
}

function recordOf({ record }: MethodSpec, params: Record<string, unknown>): string | undefined {
  return record
    ?.map(name => params[name])
    .join(':')
    .toLowerCase()
}

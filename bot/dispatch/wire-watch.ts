import { mayHaveArrived } from '../wecom/arrival.ts'
import type { AppClient, CallOptions } from '../wecom/client.ts'
import { METHODS, type MethodSpec } from '../wecom/methods.ts'

/**
 * Watches the platform calls of one step, so that it can be told of a step whose time was over whether something may
 * have arrived that must not be sent a second time.
 */
export interface WireWatch {
  /** The client with the run's signal on each call. */
  through(client: AppClient): AppClient
  /** What was sent so far is remembered elsewhere: no later attempt sends it again. */
  forget(): void
  /** The step has got as far as a call, and nothing of it was sent. */
  wasNeverSent(): boolean
}

interface Watched {
  /** Its request has begun, so that the platform may have it. */
  sent: boolean
  /** It failed by itself, and nothing came of it. */
  refused: boolean
}

export function watchWire(signal: AbortSignal): WireWatch {
  /** Calls that do a second thing when they are made a second time. */
  let calls: Watched[] = []
  const isOnce = (path: string): boolean => (METHODS as Record<string, MethodSpec>)[path]?.once === true
  async function watched<T>(path: string, make: (options: CallOptions) => Promise<T>): Promise<T> {
    if (!isOnce(path)) return make({ signal })
    const call: Watched = { sent: false, refused: false }
    calls.push(call)
    const onSending = (): void => {
      call.sent = true
    }
    try {
      return await make({ signal, onSending })
    } catch (error) {
      if (!signal.aborted && !mayHaveArrived(error)) call.refused = true
      throw error
    }
  }
  return {
    through: client => ({
      ...client,
      call: (path, params, options) =>
        watched(path, own => client.call(path, params, { ...own, ...options })),
      upload: (type, file, options) => client.upload(type, file, { signal, ...options }),
    }),
    forget() {
      calls = []
    },
    wasNeverSent: () => calls.some(call => !call.sent) && calls.every(call => !call.sent || call.refused),
  }
}

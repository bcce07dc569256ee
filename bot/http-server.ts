import { createServer, type RequestListener, type Server } from 'node:http'

/**
 * Nothing that is sent here is large: whoever takes longer than this for the head or for all of a request is cut off, and
 * a thousand that do so cost no more than their sockets.
 */
const httpLimits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
}

/** The server that callbacks and pages come to; it does not listen yet. */
export function createHttpServer(listener: RequestListener): Server {
  return createServer(httpLimits, listener)
}

/** Takes no more, and waits until what is under way is answered. */
export async function closeServer(http: Server): Promise<void> {
  await new Promise<void>(resolve => {
    http.close(() => resolve())
    http.closeIdleConnections()
    // Long enough for an answer that is on its way.
    setTimeout(() => http.closeAllConnections(), 2_000).unref()
  })
}

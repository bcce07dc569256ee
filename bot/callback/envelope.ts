import type { IncomingMessage } from 'node:http'
import { CallbackRefused } from './refusal.ts'

/** Nothing that WeCom sends comes near it. */
export const maxBodyBytes = 1024 * 1024

/**
 * Reads a body of at most 1 MiB; a longer one is refused before it is read whole, by its declared length where it has one.
 * How long a slow one may take is for the server to say.
 *
 * @throws CallbackRefused `too_large`, or `malformed` where it is compressed or breaks off
 */
export function readBody(request: IncomingMessage): Promise<string> {
  const { 'content-encoding': encoding = 'identity', 'content-length': length = '0' } = request.headers
  return new Promise((resolve, reject) => {
    const refuse = (reason: 'too_large' | 'malformed', cause?: unknown): void => {
      request.pause()
      reject(new CallbackRefused(reason, { cause }))
    }
    if (encoding !== 'identity') return refuse('malformed', new Error('a body that is compressed'))
    if (Number(length) > maxBodyBytes) return refuse('too_large')
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBodyBytes) refuse('too_large')
      else chunks.push(chunk)
    })
    request.on('end', () =>
      resolve((chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))?.toString() ?? ''),
    )
    request.on('error', error => refuse('malformed', error))
  })
}

const opening = '<Encrypt>'
const content = /\s*(?:<!\[CDATA\[([A-Za-z0-9+/=]+)\]\]>|([A-Za-z0-9+/=]+))\s*<\/Encrypt>/y

/**
 * The one element of the envelope that matters (`path/90930`). A strict scan instead of a parser: the envelope is not
 * authentic yet, and everything else in it is repeated inside the ciphertext.
 *
 * @throws CallbackRefused `malformed` where it is missing, comes twice, or the document is of another kind
 */
export function readEnvelope(body: string): string {
  const text = body.trim()
  if (!text.startsWith('<xml>') || !text.endsWith('</xml>')) throw new CallbackRefused('malformed')
  const start = text.indexOf(opening)
  if (start < 0 || text.includes(opening, start + 1)) throw new CallbackRefused('malformed')
  content.lastIndex = start + opening.length
  const [, marked, plain] = content.exec(text) ?? []
  const encrypt = marked ?? plain
  if (encrypt === undefined) throw new CallbackRefused('malformed')
  return encrypt
}

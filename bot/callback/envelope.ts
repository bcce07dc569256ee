import type { IncomingMessage } from 'node:http'
import getRawBody from 'raw-body'
import { CallbackRefused } from './refusal.ts'

/** Nothing that WeCom sends comes near it. */
export const maxBodyBytes = 1024 * 1024

/**
 * Reads a body of at most 1 MiB; a longer one is refused before it is read whole, by its declared length where it has one.
 *
 * @throws CallbackRefused `too_large` or `malformed`
 */
export async function readBody(request: IncomingMessage): Promise<string> {
  const length = request.headers['content-length']
  try {
    return await getRawBody(request, { limit: maxBodyBytes, encoding: 'utf8', length: length ?? null })
  } catch (error) {
    const { type } = error as { type?: string }
    throw new CallbackRefused(type === 'entity.too.large' ? 'too_large' : 'malformed', { cause: error })
  }
}

const element = /<Encrypt>\s*(?:<!\[CDATA\[([A-Za-z0-9+/=]+)\]\]>|([A-Za-z0-9+/=]+))\s*<\/Encrypt>/g

/**
 * The one element of the envelope that matters (`path/90930`). A strict scan instead of a parser: the envelope is not
 * authentic yet, and everything else in it is repeated inside the ciphertext.
 *
 * @throws CallbackRefused `malformed` where it is missing, comes twice, or the document is of another kind
 */
export function readEnvelope(body: string): string {
  const text = body.trim()
  if (!text.startsWith('<xml>') || !text.endsWith('</xml>')) throw new CallbackRefused('malformed')
  const found = [...text.matchAll(element)]
  const [first] = found
  const encrypt = first?.[1] ?? first?.[2]
  if (encrypt === undefined || found.length !== 1) throw new CallbackRefused('malformed')
  return encrypt
}

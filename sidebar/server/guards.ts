import type { Context } from 'koa'
import getRawBody from 'raw-body'
import type { z } from 'zod'
import { Refused } from './refusals.ts'

const bodyMaxBytes = 64 * 1024

/** @param scripts further sources of scripts, such as the hash of one that stands in the page */
export function policy(...scripts: string[]): string {
  return [
    "default-src 'none'",
    `script-src ${["'self'", ...scripts].join(' ')}`,
    "style-src 'self'",
    "img-src 'self' https: data:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** What every answer of ours says to the browser. */
export const securityHeaders = {
  'Content-Security-Policy': policy(),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const

/** @throws Refused `foreign_origin` unless the browser says that a page of ours asks; one that says nothing is refused */
export function assertSameOrigin(origin: string, context: Context): void {
  if (context.get('origin') !== origin) throw new Refused('foreign_origin')
}

/** The JSON body, checked; fields that nobody asked for are refused. @throws Refused `bad_request` or `too_large` */
export async function readJson<S extends z.ZodType>(context: Context, schema: S): Promise<z.output<S>> {
  if (!context.is('application/json')) throw new Refused('bad_request')
  const length = context.req.headers['content-length']
  const text = await getRawBody(context.req, {
    limit: bodyMaxBytes,
    encoding: 'utf8',
    length: length ?? null,
  }).catch((error: unknown) => {
    const tooLarge = (error as { type?: unknown }).type === 'entity.too.large'
    // What is left of an oversized body is not worth reading.
    context.set('Connection', 'close')
    throw new Refused(tooLarge ? 'too_large' : 'bad_request', undefined, { cause: error })
  })
  return checked(schema, parsed(text))
}

/** @throws Refused `bad_request` */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (!result.success) throw new Refused('bad_request', undefined, { cause: result.error })
  return result.data
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Refused('bad_request', undefined, { cause })
  }
}

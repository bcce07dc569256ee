import type { Context } from 'koa'

/** How the cookies of one origin are set: none of them is for scripts, or for requests that other sites begin. */
export function setCookie(
  context: Context,
  name: string,
  value: string | null,
  options: { secure: boolean; path: string; maxAgeMs?: number },
): void {
  // What ends TLS in front of us is not seen from here; the origin says it.
  context.cookies.secure = options.secure
  context.cookies.set(name, value, {
    signed: false,
    overwrite: true,
    httpOnly: true,
    sameSite: 'lax',
    secure: options.secure,
    path: options.path,
    ...(options.maxAgeMs !== undefined && { maxAge: options.maxAgeMs }),
  })
}

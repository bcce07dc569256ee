import { type Logger, pino } from 'pino'

/** What may be said of an error: its kind, code, words and place, and the same of what caused it. */
function plainError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack, cause, code } = error as Error & { code?: unknown }
  return { name, code, message, stack, ...(cause instanceof Error && { cause: plainError(cause) }) }
}

/** The program's log on stderr, a JSON object a line, without secrets. */
export function createLog(level: string): Logger {
  return pino(
    {
      level,
      // Some drivers hang whole documents on their errors, with what customers wrote in them.
      serializers: { err: plainError },
      redact: {
        paths: [
          'secret',
          'token',
          'aesKey',
          'access_token',
          'welcomeCode',
          '*.secret',
          '*.token',
          '*.access_token',
        ],
        censor: '[redacted]',
      },
    },
    pino.destination({ fd: 2, sync: true }),
  )
}

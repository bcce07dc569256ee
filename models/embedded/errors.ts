import type { Document } from 'bson'

/** The names of the codes that clients know by name. */
const codeNames: Readonly<Record<number, string>> = { 26: 'NamespaceNotFound', 11000: 'DuplicateKey' }

/**
 * An error as MongoDB answers it: `code` is what drivers and callers look at, `extra` are further fields of the answer
 * (for example `keyPattern` and `keyValue` of a duplicate key).
 */
export class MongoError extends Error {
  override name = 'MongoError'
  readonly code: number
  readonly extra: Document

  constructor(code: number, message: string, extra: Document = {}) {
    super(message)
    this.code = code
    this.extra = extra
  }

  /** The whole answer. */
  get reply(): Document {
    const { code, extra } = this
    return { ok: 0, errmsg: this.message, code, codeName: codeNames[code] ?? `Location${code}`, ...extra }
  }
}

/** Makes a `MongoError`. */
export const mongoError = (code: number, message: string, extra?: Document): MongoError =>
  new MongoError(code, message, extra)

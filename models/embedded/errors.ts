import type { Document } from 'bson'

/** The names MongoDB gives to the error codes that this database answers with. */
const codeNames: ReadonlyMap<number, string> = new Map(
  `1 InternalError, 2 BadValue, 4 NoSuchKey, 9 FailedToParse, 14 TypeMismatch, 15 Overflow, 16 InvalidLength,
  20 IllegalOperation, 22 InvalidBSON, 26 NamespaceNotFound, 27 IndexNotFound, 28 PathNotViable,
  40 ConflictingUpdateOperators, 43 CursorNotFound, 48 NamespaceExists, 50 MaxTimeMSExpired,
  52 DollarPrefixedFieldName, 53 InvalidIdField, 54 NotSingleValueField, 56 EmptyFieldName, 59 CommandNotFound,
  66 ImmutableField, 67 CannotCreateIndex, 72 InvalidOptions, 73 InvalidNamespace, 85 IndexOptionsConflict,
  86 IndexKeySpecsConflict, 91 ShutdownInProgress, 115 CommandNotSupported, 146 ExceededMemoryLimit,
  168 InvalidPipelineOperator, 197 InvalidIndexSpecificationOption, 241 ConversionFailure, 246 SnapshotUnavailable,
  11000 DuplicateKey, 10334 BSONObjectTooLarge, 14031 OutOfDiskSpace`
    .split(',')
    .map(entry => entry.trim().split(' '))
    .map(([code, name = '']) => [Number(code), name]),
)

/**
 * An error as MongoDB answers it: `code` and `codeName` are what drivers and callers look at, `extra` are further
 * fields of the answer (for example `keyPattern` and `keyValue` of a duplicate key).
 */
export class MongoError extends Error {
  override name = 'MongoError'
  readonly code: number
  readonly codeName: string
  readonly extra: Document

  constructor(code: number, codeName: string, message: string, extra: Document = {}) {
    super(message)
    this.code = code
    this.codeName = codeName
    this.extra = extra
  }
}

/** A `MongoError` with the name of its code looked up; codes without a name are called `Location<code>`. */
export function mongoError(code: number, message: string, extra?: Document): MongoError {
  return new MongoError(code, codeNames.get(code) ?? `Location${code}`, message, extra)
}

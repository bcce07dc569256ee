import type { Document } from 'bson'
import { collectionCommands } from './commands/collections.ts'
import { type Command, field, isText } from './commands/command.ts'
import { explainCommands } from './commands/explain.ts'
import { queryCommands } from './commands/query.ts'
import { sessionCommands } from './commands/session.ts'
import { validateCommands } from './commands/validate.ts'
import { writeCommands } from './commands/write.ts'
import { readDocument } from './documents.ts'
import type { Engine } from './engine.ts'
import { mongoError } from './errors.ts'
import { isTruthy } from './match-operators.ts'
import { isDocument } from './values.ts'
import { MAX_BODY_BYTES, type Request, WireError } from './wire.ts'

/**
 * Sets MongoDB's fail point `failCommand`, or takes it away. Throws code 59 unless the database was started with
 * `--test-commands`, as MongoDB does without `enableTestCommands`.
 */
const configureFailPoint: Command = (engine, { body }) => {
  if (!engine.testCommands) throw mongoError(59, "no such command: 'configureFailPoint'")
  if (body.configureFailPoint !== 'failCommand') throw mongoError(2, 'the only fail point is failCommand')
  const left = isText(body.mode) ? Number.POSITIVE_INFINITY : Number(body.mode?.times)
  engine.failPoint = body.mode === 'off' ? undefined : { left, data: field(body, 'data', isDocument) ?? {} }
  return {}
}

const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    ...collectionCommands,
    ...explainCommands,
    configureFailPoint,
    ...queryCommands,
    ...sessionCommands,
    ...validateCommands,
    ...writeCommands,
  }),
)

/** Options of commands that would change what they do, and that this database has not. */
const unsupported = new Set(
  `viewOn timeseries clusteredIndex validator capped encryptedFields tailable awaitData min max returnKey showRecordId
  explain repair fixMultikey`.split(/\s+/),
)

/** Runs one request and returns the reply. Throws MongoError for what the client is to be told. */
export async function answer(engine: Engine, request: Request, connectionId: number): Promise<Document> {
  const size = request.body.length
  if (size > MAX_BODY_BYTES) throw mongoError(10334, `BSONObj size: ${size} is invalid for a command`)
  const body = readDocument(request.body)
  const [name = '', ...options] = Object.keys(body)
  const command = commands.get(name)
  if (!command) throw mongoError(59, `no such command: '${name}'`)
  const db: unknown = request.legacy ? 'admin' : body.$db
  if (typeof db !== 'string' || db === '') throw mongoError(40414, 'OP_MSG requests require a $db argument')
  refuseUnsupported(body, options)
  passFailPoint(engine, name)
  return { ...(await command(engine, { body, db, sequences: request.sequences, connectionId })), ok: 1 }
}

/** Refuses, as a standalone MongoDB does, what this database cannot keep: transactions, snapshots, replication. */
function refuseUnsupported(body: Document, options: readonly string[]): void {
  const refused = options.find(name => unsupported.has(name) && isTruthy(body[name]))
  if (refused) throw mongoError(72, `the option '${refused}' is not supported by this database`)
  if (body.startTransaction !== undefined || body.autocommit !== undefined) {
    throw mongoError(20, 'Transaction numbers are only allowed on a replica set member or mongos')
  }
  const level: unknown = body.readConcern?.level
  if (level === 'snapshot' || level === 'linearizable') {
    throw mongoError(246, `read concern ${level} is not supported by this database`)
  }
  // A name (`majority`) is no number and is met by one member.
  if (Number(body.writeConcern?.w) > 1)
    throw mongoError(2, "cannot use 'w' > 1 when a host is not replicated")
}

/** Fails a command that the fail point is for: by its error code, or by ending the connection. */
function passFailPoint({ failPoint }: Engine, command: string): void {
  if (!failPoint?.data.failCommands?.includes(command) || failPoint.left <= 0) return
  failPoint.left -= 1
  if (failPoint.data.closeConnection === true) throw new WireError('closed by a fail point')
  throw mongoError(Number(failPoint.data.errorCode), 'failed by a fail point')
}

import type { Document } from 'bson'
import { collectionCommands } from './commands/collections.ts'
import type { Command } from './commands/command.ts'
import { explainCommands } from './commands/explain.ts'
import { queryCommands } from './commands/query.ts'
import { sessionCommands } from './commands/session.ts'
import { validateCommands } from './commands/validate.ts'
import { writeCommands } from './commands/write.ts'
import { readDocument } from './documents.ts'
import type { Engine } from './engine.ts'
import { MongoError, mongoError } from './errors.ts'
import { failPointCommands, passFailPoint } from './fail-point.ts'
import { MAX_BODY_BYTES, type Request, WireError } from './wire.ts'

const commands: ReadonlyMap<string, Command> = new Map(
  [
    collectionCommands,
    explainCommands,
    failPointCommands,
    queryCommands,
    sessionCommands,
    validateCommands,
    writeCommands,
  ].flatMap(table => Object.entries(table)),
)

/** Runs one request and returns the reply. Throws MongoError for what the client is to be told. */
export async function answer(engine: Engine, request: Request, connectionId: number): Promise<Document> {
  const size = request.body.length
  if (size > MAX_BODY_BYTES) throw mongoError(10334, `BSONObj size: ${size} is invalid for a command`)
  const body = readDocument(request.body)
  const name = Object.keys(body)[0] ?? ''
  const command = commands.get(name)
  if (!command) throw mongoError(59, `no such command: '${name}'`)
  const db: unknown = request.legacy ? 'admin' : body.$db
  if (typeof db !== 'string' || db === '') throw mongoError(40414, 'OP_MSG requests require a $db argument')
  refuseUnsupported(body)
  passFailPoint(engine, name)
  return { ...(await command(engine, { body, db, sequences: request.sequences, connectionId })), ok: 1 }
}

/** The reply for an error; a fault of this program is answered as InternalError. Throws what ends the connection. */
export function errorReply(error: unknown): Document {
  if (error instanceof WireError) throw error
  const known = error instanceof MongoError ? error : mongoError(1, String(error))
  return { ok: 0, errmsg: known.message, code: known.code, codeName: known.codeName, ...known.extra }
}

/** Refuses, as a standalone MongoDB does, what this database cannot keep: transactions, snapshots, replication. */
function refuseUnsupported({ startTransaction, autocommit, readConcern, writeConcern }: Document): void {
  if (startTransaction !== undefined || autocommit !== undefined) {
    throw mongoError(20, 'Transaction numbers are only allowed on a replica set member or mongos')
  }
  const level: unknown = readConcern?.level
  if (level === 'snapshot' || level === 'linearizable') {
    throw mongoError(246, `read concern ${level} is not supported by this database`)
  }
  // A name (`majority`) is no number and is met by one member.
  if (Number(writeConcern?.w) > 1) throw mongoError(2, "cannot use 'w' > 1 when a host is not replicated")
}

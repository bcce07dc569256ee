import type { Document } from 'bson'
import { aggregateCommands } from './commands/aggregate.ts'
import { collectionCommands } from './commands/collections.ts'
import type { Command } from './commands/command.ts'
import { explainCommands } from './commands/explain.ts'
import { findAndModifyCommands } from './commands/find-and-modify.ts'
import { indexCommands } from './commands/indexes.ts'
import { queryCommands } from './commands/query.ts'
import { sessionCommands } from './commands/session.ts'
import { statisticsCommands } from './commands/statistics.ts'
import { writeCommands } from './commands/write.ts'
import type { Engine } from './engine.ts'
import { MongoError, mongoError } from './errors.ts'
import type { Request } from './wire.ts'

const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({
    ...sessionCommands,
    ...queryCommands,
    ...writeCommands,
    ...findAndModifyCommands,
    ...aggregateCommands,
    ...collectionCommands,
    ...indexCommands,
    ...statisticsCommands,
    ...explainCommands,
  }),
)

/** Runs one request and returns the reply, also for errors; only faults of this program are thrown. */
export async function answer(engine: Engine, request: Request, connectionId: number): Promise<Document> {
  try {
    const name = Object.keys(request.body)[0] ?? ''
    const command = commands.get(name)
    if (!command) throw mongoError(59, `no such command: '${name}'`)
    const db: unknown = request.body.$db
    if (typeof db !== 'string' || db === '') throw mongoError(40414, 'OP_MSG requests require a $db argument')
    refuseUnsupported(request.body)
    const { body, sequences } = request
    return { ...(await command(engine, { body, db, sequences, connectionId })), ok: 1 }
  } catch (error) {
    return errorReply(error)
  }
}

/** The reply for an error that a command threw. A fault of this program is answered as InternalError. */
export function errorReply(error: unknown): Document {
  const known =
    error instanceof MongoError
      ? error
      : mongoError(1, error instanceof Error ? `${error.name}: ${error.message}` : String(error))
  const { message, code, codeName, extra } = known
  return { ok: 0, errmsg: message, code, codeName, ...extra }
}

/** Refuses, as a standalone MongoDB does, what this database cannot keep: transactions, snapshots, replication. */
function refuseUnsupported(body: Document): void {
  if (body.startTransaction !== undefined || body.autocommit !== undefined) {
    throw mongoError(20, 'Transaction numbers are only allowed on a replica set member or mongos')
  }
  const level: unknown = body.readConcern?.level
  if (level === 'snapshot' || level === 'linearizable') {
    throw mongoError(246, `read concern ${level} is not supported by this database`)
  }
  const w: unknown = body.writeConcern?.w
  if (w !== undefined && typeof w !== 'string' && Number(w) > 1) {
    throw mongoError(2, "cannot use 'w' > 1 when a host is not replicated")
  }
}

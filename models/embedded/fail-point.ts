import type { Document } from 'bson'
import { type Command, field, isText } from './commands/command.ts'
import type { Engine } from './engine.ts'
import { MongoError, mongoError } from './errors.ts'
import { isDocument } from './values.ts'
import { WireError } from './wire.ts'

/** So many of the next commands of these names fail. */
export interface FailPoint {
  readonly commands: readonly unknown[]
  left: number
  readonly data: Document
}

/**
 * Sets MongoDB's fail point `failCommand`, or takes it away. Throws code 59 unless the database was started with
 * `--test-commands`, as MongoDB does without `enableTestCommands`.
 */
const configureFailPoint: Command = (engine, { body }) => {
  if (!engine.failing) throw mongoError(59, "no such command: 'configureFailPoint'")
  if (body.configureFailPoint !== 'failCommand') throw mongoError(2, 'the only fail point is failCommand')
  const data = field(body, 'data', isDocument) ?? {}
  const left = isText(body.mode) ? Number.POSITIVE_INFINITY : Number(body.mode?.times)
  const commands = field(data, 'failCommands', Array.isArray) ?? []
  engine.failing.point = body.mode === 'off' ? undefined : { commands, left, data }
  return {}
}

/** Fails a command that the fail point is for: by its error code, or by ending the connection. */
export function passFailPoint({ failing }: Engine, command: string): void {
  const point = failing?.point
  if (!point?.commands.includes(command) || point.left <= 0) return
  point.left -= 1
  if (point.data.closeConnection === true) throw new WireError('closed by a fail point')
  throw new MongoError(Number(point.data.errorCode), 'UnknownError', 'failed by a fail point')
}

export const failPointCommands: Record<string, Command> = { configureFailPoint }

import type { Document } from 'bson'
import { MAX_DOCUMENT_BYTES } from '../documents.ts'
import { MAX_BATCH, MAX_MESSAGE_BYTES } from '../wire.ts'
import type { Command } from './command.ts'

const maxBsonObjectSize = MAX_DOCUMENT_BYTES

const hello: Command = (engine, { connectionId }) => ({
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  maxBsonObjectSize,
  maxMessageSizeBytes: MAX_MESSAGE_BYTES,
  maxWriteBatchSize: MAX_BATCH,
  localTime: new Date(),
  logicalSessionTimeoutMinutes: 30,
  connectionId,
  minWireVersion: 0,
  maxWireVersion: 21,
  readOnly: engine.store.failure() !== undefined,
})

/** What is always answered alike; mongosh and Compass ask for it when they connect. */
const constants: Record<string, Document> = {
  ping: {},
  endSessions: {},
  refreshSessions: {},
  killSessions: {},
  connectionStatus: { authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] } },
  hostInfo: { system: {}, os: {}, extra: {} },
  getParameter: { featureCompatibilityVersion: { version: '7.0' } },
  getLog: { totalLinesWritten: 0, log: [] },
  getCmdLineOpts: { argv: [], parsed: {} },
}

export const sessionCommands: Record<string, Command> = {
  ...Object.fromEntries(Object.entries(constants).map(([name, answer]) => [name, () => answer])),
  hello,
  isMaster: hello,
  ismaster: hello,
  /** The version of MongoDB whose behaviour is followed. */
  buildInfo: () => ({ version: '7.0.0', versionArray: [7, 0, 0, 0], modules: [], maxBsonObjectSize }),
  serverStatus: ({ store }) => ({
    pid: process.pid,
    storageEngine: { name: 'lmdb', persistent: true, readOnly: store.failure() !== undefined },
  }),
}

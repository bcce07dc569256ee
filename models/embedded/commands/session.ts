import { hostname } from 'node:os'
import { type Document, Int32 } from 'bson'
import { MAX_DOCUMENT_BYTES } from '../documents.ts'
import { MAX_MESSAGE_BYTES } from '../wire.ts'
import type { Command } from './command.ts'

/** This server, as `explain` tells it: it follows the behaviour of that version of MongoDB. */
export const serverInfo = { host: hostname(), version: '7.0.0' } as const

const { version } = serverInfo
const limits = { maxBsonObjectSize: MAX_DOCUMENT_BYTES }
const features = { modules: [], javascriptEngine: 'none', storageEngines: ['lmdb'], bits: 64, debug: false }
const buildInfo = { version, versionArray: [7, 0, 0, 0], gitVersion: '', ...features, ...limits }
const nobody = { authenticatedUsers: [], authenticatedUserRoles: [], authenticatedUserPrivileges: [] }

/** Commands that are always answered in the same way. */
const constant = {
  ping: {},
  endSessions: {},
  refreshSessions: {},
  killSessions: {},
  buildInfo,
  buildinfo: buildInfo,
  connectionStatus: { authInfo: nobody },
  hostInfo: { system: { hostname: hostname(), cpuAddrSize: 64 }, os: { type: process.platform }, extra: {} },
  getParameter: { featureCompatibilityVersion: { version: '7.0' } },
  getLog: { totalLinesWritten: 0, log: [] },
  getCmdLineOpts: { argv: [], parsed: {} },
  whatsmyuri: { you: '' },
} as const satisfies Record<string, Document>

const hello: Command = (engine, { connectionId }) => ({
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  ...limits,
  maxMessageSizeBytes: MAX_MESSAGE_BYTES,
  maxWriteBatchSize: 100_000,
  localTime: new Date(),
  logicalSessionTimeoutMinutes: 30,
  connectionId,
  minWireVersion: 0,
  maxWireVersion: 21,
  readOnly: engine.store.failure() !== undefined,
})

export const sessionCommands: Record<string, Command> = {
  ...Object.fromEntries(Object.entries(constant).map(([name, reply]) => [name, () => reply])),
  hello,
  isMaster: hello,
  ismaster: hello,
  serverStatus: engine => ({
    ...serverInfo,
    process: 'embedded',
    pid: process.pid,
    uptime: Math.round((Date.now() - engine.startedAt.getTime()) / 1000),
    localTime: new Date(),
    connections: { current: engine.connections(), available: 10_000 },
    metrics: { cursor: { open: { total: new Int32(engine.cursors.count()) } } },
    mem: { resident: Math.round(process.memoryUsage.rss() / 1024 / 1024) },
    storageEngine: { name: 'lmdb', persistent: true, readOnly: engine.store.failure() !== undefined },
  }),
}

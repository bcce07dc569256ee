import { hostname } from 'node:os'
import { type Document, Int32 } from 'bson'
import { MAX_DOCUMENT_BYTES } from '../documents.ts'
import { MAX_MESSAGE_BYTES } from '../wire.ts'
import type { Command } from './command.ts'

/** The version of MongoDB whose behaviour is followed, as `buildInfo` tells it. */
const VERSION = '7.0.0'

const hello: Command = (engine, { connectionId }) => ({
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  maxBsonObjectSize: MAX_DOCUMENT_BYTES,
  maxMessageSizeBytes: MAX_MESSAGE_BYTES,
  maxWriteBatchSize: 100_000,
  localTime: new Date(),
  logicalSessionTimeoutMinutes: 30,
  connectionId,
  minWireVersion: 0,
  maxWireVersion: 21,
  readOnly: engine.store.failure() !== undefined,
})

const nothing: Command = () => ({})

const buildInfo: Command = () => ({
  version: VERSION,
  versionArray: VERSION.split('.').map(Number).concat(0),
  gitVersion: '',
  modules: [],
  sysInfo: '',
  javascriptEngine: 'none',
  storageEngines: ['lmdb'],
  bits: 64,
  debug: false,
  maxBsonObjectSize: MAX_DOCUMENT_BYTES,
})

const connectionStatus: Command = () => ({
  authInfo: { authenticatedUsers: [], authenticatedUserRoles: [], authenticatedUserPrivileges: [] },
})

const hostInfo: Command = () => ({
  system: { currentTime: new Date(), hostname: hostname(), cpuAddrSize: 64 },
  os: { type: process.platform },
  extra: {},
})

const parameters = {
  featureCompatibilityVersion: { version: VERSION.split('.').slice(0, 2).join('.') },
} as const satisfies Document

const getParameter: Command = (_engine, { body }) => {
  const asked = Object.keys(body)
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => asked.includes(name)))
}

const getLog: Command = () => ({ totalLinesWritten: 0, log: [] })

const getCmdLineOpts: Command = () => ({ argv: [], parsed: {} })

const whatsmyuri: Command = () => ({ you: '' })

const serverStatus: Command = engine => ({
  host: hostname(),
  version: VERSION,
  process: 'embedded',
  pid: process.pid,
  uptime: Math.round((Date.now() - engine.startedAt.getTime()) / 1000),
  localTime: new Date(),
  connections: { current: engine.connections(), available: 10_000 },
  metrics: { cursor: { open: { total: new Int32(engine.cursors.count()) } } },
  mem: { resident: Math.round(process.memoryUsage.rss() / 1024 / 1024) },
  storageEngine: { name: 'lmdb', persistent: true, readOnly: engine.store.failure() !== undefined },
})

export const sessionCommands: Record<string, Command> = {
  hello,
  isMaster: hello,
  ismaster: hello,
  ping: nothing,
  endSessions: nothing,
  refreshSessions: nothing,
  killSessions: nothing,
  buildInfo,
  buildinfo: buildInfo,
  connectionStatus,
  hostInfo,
  getParameter,
  getLog,
  getCmdLineOpts,
  whatsmyuri,
  serverStatus,
}

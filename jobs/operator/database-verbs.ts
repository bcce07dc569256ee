import { resolve } from 'node:path'
import type { Db } from 'mongodb'
import { checkDatabase } from '../../models/check-database.ts'
import { describeDatabase } from '../../models/describe-database.ts'
import { exportDatabase, maxInexact } from '../../models/transfer/export.ts'
import { importDatabase } from '../../models/transfer/import.ts'
import { showTransfer } from './transfer-progress.ts'
import { defineVerb, type Opened, UsageError } from './verb.ts'

/** The database as the primary has it, whatever the connection string says. */
const databaseOf = ({ database: { connection } }: Opened): Db =>
  connection.getClient().db(connection.name, { readPreference: 'primary' })

/** Runs a transfer with its progress on stderr. */
async function shown<T>(run: (tell: ReturnType<typeof showTransfer>['tell']) => Promise<T>): Promise<T> {
  const progress = showTransfer(process.stderr)
  return run(progress.tell).finally(() => progress.stop())
}

const size = (bytes: number): string =>
  bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`

export const dbInfo = defineVerb('Which database, and how much is in it', {}, async (_, open) => {
  const opened = await open()
  const { mode, address, connection } = opened.database
  const found = await describeDatabase(databaseOf(opened))
  const state = found.writable ? 'writable' : 'takes no writes'
  return {
    data: { mode, address, name: connection.name, ...found },
    rows: found.collections,
    notes: [`${mode} ${address}`, `version ${found.version}, ${size(found.bytesOnDisk)} on disk, ${state}`],
  }
})

export const dbCheck = defineVerb(
  'Have the server check every document and index; exit code 1 when something is wrong',
  {},
  async (_, open) => {
    const opened = await open()
    const data = await checkDatabase(databaseOf(opened), opened.models)
    const rows = data.collections.map(({ collection, documents, indexes, valid }) => {
      return { collection, documents, indexes, result: valid ? 'valid' : 'invalid' }
    })
    const notes = [
      ...data.collections.flatMap(one => one.errors.map(error => `${one.collection}: ${error}`)),
      ...data.collections.flatMap(one => one.warnings.map(warning => `${one.collection}: ${warning}`)),
      ...data.missing.map(({ collection, key }) => {
        return `${collection}: the index ${JSON.stringify(key)} is missing or has other options`
      }),
      data.missing.length > 0 ? 'Sidekick makes the indexes that are missing when it starts' : undefined,
    ]
    const failed = data.missing.length > 0 || data.collections.some(({ valid }) => !valid)
    return { data, rows, notes, failed }
  },
)

export const dbExport = defineVerb(
  'Write the database into a folder, as canonical Extended JSON with a manifest',
  {
    out: { type: 'string', description: 'Folder, empty or not there; by default sidekick-export-<time>' },
    collection: { type: 'string', description: 'Only these, comma separated' },
  },
  async ({ out, collection }, open) => {
    const opened = await open()
    const folder = resolve(out ?? `sidekick-export-${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`)
    const only = collection?.split(',').map(name => name.trim())
    const running = (await opened.jobs.workers()).length > 0
    const { manifest, inexact, left } = await shown(tell =>
      exportDatabase(databaseOf(opened), { folder, tell, ...(only && { only }) }),
    )
    const rows = manifest.collections.map(({ name, documents, bytes, indexes }) => {
      return { collection: name, documents, bytes, indexes: indexes.length + 1 }
    })
    return {
      data: { folder, collections: rows, inexact, left },
      rows,
      notes: [
        `written to ${folder}`,
        running ? 'a worker is running: what was written meanwhile is in the export or not' : undefined,
        left.length > 0 ? `not exported, because no collections: ${left.join(', ')}` : undefined,
        ...inexact.map(one => `${one.collection}: document ${one.id} will not come back exactly as it is`),
        inexact.length === maxInexact ? `no more than ${maxInexact} such documents are named` : undefined,
      ],
      failed: inexact.length > 0,
    }
  },
)

export const dbImport = defineVerb(
  'Put an export into the database; stop Sidekick before',
  {
    folder: { type: 'positional', required: true, description: 'As written by db export' },
    replace: {
      type: 'boolean',
      description: 'Drop the collections of the export first; otherwise the database must be empty',
      default: false,
    },
  },
  async ({ folder, replace }, open) => {
    const opened = await open()
    if ((await opened.jobs.workers()).length > 0)
      throw new UsageError('a worker is running on this database: stop Sidekick first')
    const data = await shown(tell => importDatabase(databaseOf(opened), { folder, replace, tell }))
    const { takenAt, database, collections, left } = data
    return {
      data,
      rows: collections,
      notes: [
        `imported what was exported of ${database} at ${takenAt}`,
        left.length > 0 ? `left as they were: ${left.join(', ')}` : undefined,
      ],
    }
  },
)

import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Config, ConfigError } from '../../config.ts'
import { type Database, type DatabaseOptions, openDatabase } from '../../models/connect.ts'

/**
 * Listens where the settings say.
 *
 * @returns the address under which this machine reaches it
 * @throws ConfigError where it cannot: the setting is to be mended
 */
export async function listen(http: Server, { host, port }: Pick<Config, 'host' | 'port'>): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      const where =
        error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' ? `HOST "${host}"` : `PORT ${port}`
      const fault = inUse ? 'is used by another program' : `cannot be listened on (${error.code})`
      reject(new ConfigError([`${where} ${fault}; example: HOST=127.0.0.1 PORT=3100`], { cause: error }))
    })
    http.listen(port, host, resolve)
  })
  const { port: actual } = http.address() as AddressInfo
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${actual}`
}

/**
 * Opens the database that the settings name. An address may hold a password and is not repeated.
 *
 * @throws ConfigError where the address cannot be reached
 */
export async function connect(
  { mongodbUri, dataDir }: Pick<Config, 'mongodbUri' | 'dataDir'>,
  log: DatabaseOptions['log'],
): Promise<Database> {
  try {
    return await openDatabase({ mongodbUri, dataDir, log })
  } catch (error) {
    if (mongodbUri === undefined) throw error
    const example = 'example: MONGODB_URI=mongodb://db1,db2,db3/sidekick?replicaSet=rs0'
    throw new ConfigError([`MONGODB_URI cannot be reached (${(error as Error).name}); ${example}`], {
      cause: error,
    })
  }
}

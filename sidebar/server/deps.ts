import type { Logger } from 'pino'
import type { AppClient } from '../../bot/wecom/client.ts'
import type { Admins } from '../../models/asker.ts'
import type { Clock } from '../../models/clock.ts'
import type { Directory } from '../../models/directory.ts'
import type { Models } from '../../models/models.ts'

/** What the sidebar's server needs of the rest of the house. */
export interface SidebarDeps {
  corpId: string
  agentId: string
  models: Models
  /** The client of the corp's app. */
  client(): Promise<AppClient>
  directory: Directory
  admins: Admins
  log: Logger
  /** Our own origin, like `https://sidekick.example.com`: nothing is believed of the Host header. */
  origin: string
  sessionSecret: string
  /** In place of both login hosts of the public platform. */
  loginBase?: string
  /** Of sessions and logins. */
  now(): Date
  /** The database's time: of what is read and written of customers, which other instances do too. */
  clock: Pick<Clock, 'now' | 'earliest'>
}

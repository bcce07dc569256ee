import type { Logger } from 'pino'
import type { Admins } from '../../models/asker.ts'
import type { Clock } from '../../models/clock.ts'
import type { Directory } from '../../models/directory.ts'
import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import type { Apps } from '../apps.ts'
import type { LiveHandlers } from '../handlers/live.ts'
import type { Metrics } from '../metrics.ts'
import type { ReplySlots } from './reply-slots.ts'

/** What handling an event needs of the rest of the house. */
export interface DispatchDeps {
  models: Models
  apps: Apps
  live: LiveHandlers
  actions: ActionTable
  directory: Directory
  replies: ReplySlots
  metrics: Metrics
  log: Logger
  /** Name of this process, see `processName`. */
  process: string
  /** The database's time. */
  clock: Clock
  admins: Admins
  retentionMs: number
  /** Asks for a sync of the corp, because the platform told of a change that it doesn't spell out. */
  requestSync(corpId: string, what: 'staff' | 'tags'): Promise<void>
}

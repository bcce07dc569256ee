import type { Logger } from 'pino'
import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import type { Apps } from '../apps.ts'
import type { LiveHandlers } from '../handlers/live.ts'
import type { Directory } from './directory.ts'
import type { ReplySlots } from './reply-slots.ts'

/** What handling an event needs of the rest of the house. */
export interface DispatchDeps {
  models: Models
  apps: Apps
  live: LiveHandlers
  actions: ActionTable
  directory: Directory
  replies: ReplySlots
  log: Logger
  /** Userids of the installation's admins, who are those of one corp. */
  admins: { corpId: string; userids: readonly string[] }
  retentionMs: number
  /** Asks for a sync of the corp, because the platform told of a change that it doesn't spell out. */
  requestSync(corpId: string, what: 'staff' | 'tags'): Promise<void>
}

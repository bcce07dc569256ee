import { appSend } from './app-send.ts'
import { customerNote } from './customer-note.ts'
import { customerRemark } from './customer-remark.ts'
import { customerShow } from './customer-show.ts'
import { customerStage } from './customer-stage.ts'
import { customerTag } from './customer-tag.ts'
import { customerUntag } from './customer-untag.ts'
import type { Action, ActionTable } from './define.ts'
import { helpShow } from './help-show.ts'
import { reply } from './reply.ts'
import { reportShow } from './report-show.ts'
import { scriptFind } from './script-find.ts'
import { staffNotify } from './staff-notify.ts'
import { welcomeSend } from './welcome-send.ts'

const all: readonly Action[] = [
  reply,
  welcomeSend,
  customerTag,
  customerUntag,
  customerStage,
  customerRemark,
  customerNote,
  customerShow,
  staffNotify,
  appSend,
  scriptFind,
  reportShow,
  helpShow,
]

/** The table of actions: what a step of a handler may name. */
export const actions: ActionTable = new Map(all.map(action => [action.id, action]))

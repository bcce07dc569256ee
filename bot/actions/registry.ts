import { appSend } from './app-send.ts'
import { customerNote } from './customer-note.ts'
import { customerRemark } from './customer-remark.ts'
import { customerShow } from './customer-show.ts'
import { customerStage } from './customer-stage.ts'
import { customerTag } from './customer-tag.ts'
import { customerUntag } from './customer-untag.ts'
import type { Action, ActionTable } from './define.ts'
import { handlerExplain } from './handler-explain.ts'
import { handlerList } from './handler-list.ts'
import { handlerPause } from './handler-pause.ts'
import { handlerRun } from './handler-run.ts'
import { handlerSchedule } from './handler-schedule.ts'
import { handlerSwitch } from './handler-switch.ts'
import { helpShow } from './help-show.ts'
import { reply } from './reply.ts'
import { reportShow } from './report-show.ts'
import { robotSend } from './robot-send.ts'
import { scriptFind } from './script-find.ts'
import { staffNotify } from './staff-notify.ts'
import { stop } from './stop.ts'
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
  robotSend,
  scriptFind,
  reportShow,
  helpShow,
  handlerList,
  handlerSwitch,
  handlerPause,
  handlerRun,
  handlerSchedule,
  stop,
  handlerExplain,
]

/** The table of actions: what a step of a handler may name. */
export const actions: ActionTable = new Map(all.map(action => [action.id, action]))

import { corpAdd, corpList, corpRotate, corpSet } from './corp-verbs.ts'
import { dbCheck, dbExport, dbImport, dbInfo } from './database-verbs.ts'
import { inboxGaps } from './gap-verb.ts'
import { handlersDryRun } from './handler-dry-run-verb.ts'
import { handlersExport } from './handler-export-verb.ts'
import { handlersImport, handlersValidate } from './handler-file-verbs.ts'
import { handlersList, handlersRevisions, handlersShow } from './handler-list-verbs.ts'
import {
  handlersOff,
  handlersOn,
  handlersPause,
  handlersPublish,
  handlersRemove,
  handlersResume,
} from './handler-switch-verbs.ts'
import { inboxDead, inboxList, inboxReplay, inboxShow } from './inbox-verbs.ts'
import { jobsVerb, pushVerb, syncVerb } from './job-verbs.ts'
import { robotAdd, robotList, robotRemove } from './robot-verbs.ts'
import { handlersRun } from './run-verb.ts'
import { handlersSchema } from './schema-verb.ts'
import { dbServe } from './serve-verb.ts'
import type { Verb } from './verb.ts'
import { handlersWhy } from './why-verb.ts'

/** Verbs that are typed behind one word. */
export interface VerbGroup {
  description: string
  verbs: Readonly<Record<string, Verb>>
}

/** All that the operator's tool can do, as it is typed. */
export const verbTable: Readonly<Record<string, Verb | VerbGroup>> = {
  jobs: jobsVerb,
  sync: syncVerb,
  push: pushVerb,
  corp: {
    description: 'Corps',
    verbs: { list: corpList, add: corpAdd, set: corpSet, rotate: corpRotate },
  },
  robot: {
    description: 'Robots of groups, for robot.send',
    verbs: { list: robotList, add: robotAdd, remove: robotRemove },
  },
  inbox: {
    description: 'The callback inbox',
    verbs: { list: inboxList, show: inboxShow, dead: inboxDead, replay: inboxReplay, gaps: inboxGaps },
  },
  handlers: {
    description: 'Stored handlers',
    verbs: {
      list: handlersList,
      show: handlersShow,
      validate: handlersValidate,
      import: handlersImport,
      run: handlersRun,
      schema: handlersSchema,
      export: handlersExport,
      publish: handlersPublish,
      revisions: handlersRevisions,
      on: handlersOn,
      off: handlersOff,
      pause: handlersPause,
      resume: handlersResume,
      remove: handlersRemove,
      'dry-run': handlersDryRun,
      why: handlersWhy,
    },
  },
  db: {
    description: 'The database',
    verbs: { info: dbInfo, check: dbCheck, export: dbExport, import: dbImport, serve: dbServe },
  },
}

import type { Connection, Model } from 'mongoose'
import { type Category, categorySchema } from './category.ts'
import { type Corp, corpSchema } from './corp.ts'
import { type Customer, customerSchema } from './customer.ts'
import { type Department, departmentSchema } from './department.ts'
import { type Follow, followSchema } from './follow.ts'
import { type Gap, gapSchema } from './gap.ts'
import { type Group, groupSchema } from './group.ts'
import { type HandlerRevision, handlerRevisionSchema, handlerSchema, type StoredHandler } from './handler.ts'
import { type InboxEvent, inboxEventSchema } from './inbox-event.ts'
import { type Limit, limitSchema } from './limit.ts'
import { type Lock, lockSchema } from './lock.ts'
import { fileSchema, type Material, materialSchema, type StoredFile } from './material.ts'
import { type Notice, noticeSchema } from './notice.ts'
import { type Push, pushSchema } from './push.ts'
import { type ChangeRequest, changeRequestSchema } from './request.ts'
import { type Run, runSchema } from './run.ts'
import { type Script, scriptSchema } from './script.ts'
import { type Send, sendSchema } from './send.ts'
import { type Staff, staffSchema } from './staff.ts'
import { type SyncState, syncStateSchema } from './sync-state.ts'
import { type Tag, type TagGroup, tagGroupSchema, tagSchema } from './tag.ts'
import { type Token, tokenSchema } from './token.ts'
import { type Trajectory, trajectorySchema } from './trajectory.ts'
import { type Welcome, welcomeSchema } from './welcome.ts'

/** Every collection of the product, on one connection. */
export interface Models {
  corps: Model<Corp>
  departments: Model<Department>
  staff: Model<Staff>
  tagGroups: Model<TagGroup>
  tags: Model<Tag>
  customers: Model<Customer>
  follows: Model<Follow>
  trajectories: Model<Trajectory>
  groups: Model<Group>
  categories: Model<Category>
  scripts: Model<Script>
  materials: Model<Material>
  files: Model<StoredFile>
  sends: Model<Send>
  requests: Model<ChangeRequest>
  handlers: Model<StoredHandler>
  handlerRevisions: Model<HandlerRevision>
  inbox: Model<InboxEvent>
  runs: Model<Run>
  welcomes: Model<Welcome>
  notices: Model<Notice>
  syncStates: Model<SyncState>
  gaps: Model<Gap>
  pushes: Model<Push>
  tokens: Model<Token>
  locks: Model<Lock>
  limits: Model<Limit>
}

/** Makes the models of one connection; reads and writes nothing. */
export function createModels(connection: Connection): Models {
  return {
    corps: connection.model<Corp>('Corp', corpSchema),
    departments: connection.model<Department>('Department', departmentSchema),
    staff: connection.model<Staff>('Staff', staffSchema),
    tagGroups: connection.model<TagGroup>('TagGroup', tagGroupSchema),
    tags: connection.model<Tag>('Tag', tagSchema),
    customers: connection.model<Customer>('Customer', customerSchema),
    follows: connection.model<Follow>('Follow', followSchema),
    trajectories: connection.model<Trajectory>('Trajectory', trajectorySchema),
    groups: connection.model<Group>('Group', groupSchema),
    categories: connection.model<Category>('Category', categorySchema),
    scripts: connection.model<Script>('Script', scriptSchema),
    materials: connection.model<Material>('Material', materialSchema),
    files: connection.model<StoredFile>('File', fileSchema),
    sends: connection.model<Send>('Send', sendSchema),
    requests: connection.model<ChangeRequest>('ChangeRequest', changeRequestSchema),
    handlers: connection.model<StoredHandler>('Handler', handlerSchema),
    handlerRevisions: connection.model<HandlerRevision>('HandlerRevision', handlerRevisionSchema),
    inbox: connection.model<InboxEvent>('InboxEvent', inboxEventSchema),
    runs: connection.model<Run>('Run', runSchema),
    welcomes: connection.model<Welcome>('Welcome', welcomeSchema),
    notices: connection.model<Notice>('Notice', noticeSchema),
    syncStates: connection.model<SyncState>('SyncState', syncStateSchema),
    gaps: connection.model<Gap>('Gap', gapSchema),
    pushes: connection.model<Push>('Push', pushSchema),
    tokens: connection.model<Token>('Token', tokenSchema),
    locks: connection.model<Lock>('Lock', lockSchema),
    limits: connection.model<Limit>('Limit', limitSchema),
  }
}

import type { ArgsDef, ParsedArgs } from 'citty'
import { stringify } from 'yaml'
import type { Apps } from '../../bot/apps.ts'
import type { Config } from '../../config.ts'
import type { Database } from '../../models/connect.ts'
import type { Models } from '../../models/models.ts'
import type { SecretBox } from '../../models/secrets.ts'
import type { Jobs } from '../agenda.ts'

/** What was asked for cannot be done; the message is all that is shown. */
export class UsageError extends Error {
  readonly code = 'usage'
}

/** Sidekick has not been started here: there is no database yet, or no corp in it. */
export class NotYetError extends UsageError {}

/** What a verb of the operator's tool works with. */
export interface Opened {
  config: Pick<Config, 'publicUrl' | 'app' | 'adminStaff' | 'retentionDays'>
  database: Database
  models: Models
  jobs: Jobs
  secrets: SecretBox
  /** The corps and apps, with clients that share tokens and limits with the instances that run. */
  apps: Apps
  /** The corp that is named, or all. */
  corpIds(named: string | undefined): Promise<string[]>
  /** The corp that is named, or the only one. */
  corpId(named: string | undefined): Promise<string>
  /** Asks for values that must not stand in a command line, in this order. */
  ask(names: readonly string[]): Promise<string[]>
}

type Rows = Record<string, unknown>[]

/**
 * What a verb has to say: `data` with `--json`, where there is any, else `text`, and `head` and `rows` as tables. `notes` go
 * to stderr.
 */
export interface Answer {
  data: unknown
  head?: Rows
  rows?: Rows
  text?: string
  notes?: (string | undefined)[]
  failed?: boolean
}

export const json = { type: 'boolean', description: 'Print JSON', default: false } as const
export const corp = { type: 'string', description: 'Corp id; needed only where there are several' } as const

/** Opens the database; where it must not make one, NotYetError is thrown instead. */
export type Open = (options?: { make: boolean }) => Promise<Opened>

/** A verb of the operator's tool; `open` is not called by one that needs no database. */
export interface Verb<T extends ArgsDef = ArgsDef> {
  description: string
  args: T
  run(args: ParsedArgs<T & { json: typeof json }>, open: Open): Promise<Answer>
}

/** Keeps the types of a verb's own arguments inside it. */
export function defineVerb<T extends ArgsDef>(description: string, args: T, run: Verb<T>['run']): Verb {
  return { description, args, run } as unknown as Verb
}

/** A moment as a table shows it, in UTC. */
export function when(at: Date | undefined): string | undefined {
  return at?.toISOString().replace('T', ' ').slice(0, 19)
}

/** A moment as people of a time zone see it, with the zone behind it: `2026-03-02 09:00 Asia/Shanghai`. */
export function whenIn(at: Date, timeZone: string): string {
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(
    at,
  )
  return `${text} ${timeZone}`
}

/** Says so where no worker is running, because what was asked for waits for one. */
export async function unattended(jobs: Jobs): Promise<string | undefined> {
  return (await jobs.workers()).length === 0
    ? 'no worker is running: nothing happens until Sidekick is started'
    : undefined
}

/** A document as people read it. */
export function asYaml(value: unknown): string {
  return stringify(JSON.parse(JSON.stringify(value))).trimEnd()
}

import type { HandlerDraft, HandlerSwitch, StoredHandler } from '../../models/handler.ts'
import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import { type Coming, checkNames } from './check-names.ts'
import { checkWords } from './check-words.ts'
import { HandlerInvalid, type Inspected, inspectHandler, keyOf } from './compile.ts'
import { contentOf, saysTheSame } from './digest.ts'
import { inDocumentOrder } from './problem-order.ts'
import { HandlerRefused } from './refusal.ts'
import { keepRevision, nextRevision } from './revisions.ts'
import { resolveScope } from './scope-names.ts'
import { unsound } from './sound.ts'
import { textSlips } from './text-slips.ts'

/** Of the switch only so many of the last times are kept. */
const switchesKept = 10

/** What an update that throws the switch adds to its history. */
export function pushSwitch(thrown: HandlerSwitch) {
  return { switched: { $each: [thrown], $slice: -switchesKept } }
}

/** Drops a draft; one that was saved meanwhile is another one. */
export async function dropDraft(
  models: Models,
  { corpId, key }: Pick<StoredHandler, 'corpId' | 'key'>,
  { savedAt }: HandlerDraft,
): Promise<void> {
  await models.handlers.updateOne({ corpId, key, 'draft.savedAt': savedAt }, { $unset: { draft: 1 } })
}

export interface Published {
  key: string
  /** Stays the same where nothing changed. */
  revision: number
  /** What was live before; 0 where nothing was. */
  before: number
  /** How the switch stands now. */
  enabled: boolean
  /** Where it was thrown for what was live already. */
  switched?: 'on' | 'off'
}

/**
 * Checks a document strictly and makes it the live revision of its key; the one before is kept. It is switched on or off
 * where the document says so, and else stays as somebody has switched it; what is new is on. A draft that says the same
 * is gone then. Of two publishers each gets a revision, and the higher
 * one stays live.
 *
 * @param by a userid, or `operator`
 * @throws HandlerInvalid naming every problem
 */
export async function publishHandler(
  models: Models,
  corpId: string,
  document: Record<string, unknown>,
  actions: ActionTable,
  by = 'operator',
): Promise<Published> {
  const [published] = await publishHandlers(models, corpId, [document], actions, by)
  return published as Published
}

/**
 * Publishes several documents, which may name each other: all of them, or none where one has problems or the database
 * fails before the one write that makes them live. A database that dies in the middle of that write may have taken some
 * (the one that comes along has taken all or none); doing it again brings in the rest.
 *
 * @throws HandlerInvalid naming every problem of the first that has any
 */
export async function publishHandlers(
  models: Models,
  corpId: string,
  documents: readonly Record<string, unknown>[],
  actions: ActionTable,
  by = 'operator',
): Promise<Published[]> {
  const checked: ToPublish[] = []
  for (const given of documents)
    checked.push({
      ...(await checkHandler(models, corpId, given, actions, { documents })),
      corpId,
      given,
      by,
    })
  return makeLive(models, checked)
}

/**
 * Publishes what is being written.
 *
 * @throws HandlerInvalid
 * @throws HandlerRefused `unknown`, `no_draft`
 */
export async function publishDraft(
  models: Models,
  corpId: string,
  key: string,
  actions: ActionTable,
  by = 'operator',
): Promise<Published> {
  const stored = await models.handlers.findOne({ corpId, key }).lean()
  if (stored === null) throw new HandlerRefused('unknown', key)
  if (stored.draft === undefined)
    throw new HandlerRefused('no_draft', key, `revision ${stored.revision} is live`)
  return publishHandler(models, corpId, stored.draft.document, actions, by)
}

/**
 * Publishes an older revision again, as a new one. It stays switched on or off as it is, and so does a draft.
 *
 * @throws HandlerInvalid where it can no longer run
 * @throws HandlerRefused `no_revision`
 */
export async function publishRevision(
  models: Models,
  corpId: string,
  key: string,
  revision: number,
  actions: ActionTable,
  by = 'operator',
): Promise<Published> {
  const kept = await models.handlerRevisions.findOne({ corpId, key, revision }).lean()
  if (kept === null) {
    const newest = (await nextRevision(models, corpId, key)) - 1
    if (newest === 0) throw new HandlerRefused('unknown', key)
    throw new HandlerRefused('no_revision', key, `${revision}; the newest is ${newest}`)
  }
  const { content } = await checkHandler(models, corpId, kept.document, actions)
  const [published] = await makeLive(models, [{ corpId, key, content, given: kept.document, by }])
  return published as Published
}

/**
 * What publishing would say, without doing it.
 *
 * @returns the content that would be stored: department names as ids; `enabled` where the document says it
 * @throws HandlerInvalid naming every problem
 */
export async function checkHandler(
  models: Models,
  corpId: string,
  document: Record<string, unknown>,
  actions: ActionTable,
  coming?: Coming,
): Promise<Pick<ToPublish, 'key' | 'enabled' | 'content'>> {
  const { problems: own, handler, parts } = inspectForm(document, actions)
  const names = parts === unsound ? [] : await checkNames(models, corpId, parts, actions, coming, own)
  const words = handler === undefined ? [] : await checkWords(models, corpId, handler, coming?.documents)
  const problems = inDocumentOrder(document, [...own, ...names, ...words])
  if (handler === undefined || problems.length > 0) throw new HandlerInvalid(keyOf(document), problems)
  const content = contentOf(await resolveScope(models, corpId, document))
  return { key: handler.key, content, ...('enabled' in document && { enabled: handler.enabled }) }
}

/** What can be said of a document by itself before it is published: more than what keeps one that is live from running. */
export function inspectForm(document: unknown, actions: ActionTable): Inspected {
  const { problems, ...inspected } = inspectHandler(document, actions)
  const { parts } = inspected
  const more = parts === unsound ? [] : textSlips(parts)
  return { ...inspected, problems: inDocumentOrder(document, [...problems, ...more]) }
}

interface ToPublish {
  corpId: string
  key: string
  content: Record<string, unknown>
  /** The document as it came. */
  given: Record<string, unknown>
  /** Missing: as it is, and on where it is new. */
  enabled?: boolean
  by: string
}

/** What is to be written, when its revision is kept. */
interface Ready extends ToPublish {
  known: StoredHandler | null
  /** What is live says the same. */
  same: boolean
  revision: number
  thrown: ReturnType<typeof switchFor>
  at: Date
}

/** First all revisions, which change nothing that runs, then what is live. */
async function makeLive(models: Models, ones: readonly ToPublish[]): Promise<Published[]> {
  const ready: Ready[] = []
  for (const one of ones) ready.push(await keep(models, one))
  await putLive(models, ready)
  const published: Published[] = []
  for (const { corpId, key, known, revision, thrown, given } of ready) {
    if (known?.draft !== undefined && saysTheSame(known.draft.document, given))
      await dropDraft(models, known, known.draft)
    const before = known?.document === undefined ? 0 : known.revision
    const turned = before > 0 && thrown !== undefined && (thrown.$set.enabled ? 'on' : 'off')
    const on = (await models.handlers.exists({ corpId, key, enabled: true })) !== null
    published.push({ key, revision, before, enabled: on, ...(turned && { switched: turned }) })
  }
  return published
}

async function keep(models: Models, one: ToPublish): Promise<Ready> {
  const { corpId, key, content, enabled, by } = one
  const known = await models.handlers.findOne({ corpId, key }).lean()
  const at = new Date()
  const same = known?.document !== undefined && saysTheSame(known.document, content)
  const revision = same
    ? known.revision
    : await keepRevision(models, { corpId, key, document: content, publishedAt: at, by })
  return { ...one, known, same, revision, thrown: switchFor(known, enabled, at, by), at }
}

/** Of two publishers the higher revision stays live, whoever comes first. */
async function putLive(models: Models, ready: readonly Ready[]): Promise<void> {
  let left = ready.filter(({ same, thrown }) => !same || thrown !== undefined)
  // One that somebody else stored in between is there the second time.
  for (const upsert of [true, false]) {
    if (left.length === 0) return
    const writes = left.map(one => ({ updateOne: liveUpdate(one, upsert) }))
    const refused = await taken(models.handlers.bulkWrite(writes, { ordered: false }))
    left = left.filter((_, index) => refused.has(index))
  }
}

function liveUpdate({ corpId, key, revision, same, thrown, at, content }: Ready, upsert: boolean) {
  const switched = thrown ?? { $set: {} }
  const $set = { ...switched.$set, updatedAt: at }
  if (same) return { filter: { corpId, key, revision }, update: { ...switched, $set } }
  return {
    // What is live already, or newer, is not found, and cannot be stored a second time.
    filter: { corpId, key, revision: { $lt: revision } },
    update: {
      ...switched,
      $set: { ...$set, revision, document: content },
      $unset: { seed: 1 },
      ...(thrown === undefined && { $setOnInsert: { enabled: true } }),
    },
    upsert,
  }
}

/** Which of several writes found that somebody else had stored the same key. @throws whatever else went wrong */
async function taken(written: Promise<unknown>): Promise<ReadonlySet<number>> {
  try {
    await written
    return new Set()
  } catch (error) {
    const { writeErrors } = error as { writeErrors?: { index: number; code: number }[] }
    if (writeErrors === undefined || writeErrors.some(({ code }) => code !== 11000)) throw error
    return new Set(writeErrors.map(({ index }) => index))
  }
}

/**
 * The switch, where a document throws it. Where it stands as it should it is left alone, so that somebody who throws it
 * at the same time is not overruled.
 */
function switchFor(
  known: Pick<StoredHandler, 'enabled' | 'document'> | null,
  enabled: boolean | undefined,
  at: Date,
  by: string,
): { $set: { enabled: boolean }; $push?: object } | undefined {
  const on = enabled ?? (known?.document === undefined ? true : known.enabled)
  if (known === null) return { $set: { enabled: on } }
  if (known.enabled === on) return undefined
  const one: HandlerSwitch = { at, on, by }
  // What has never run was switched on by its first publishing, which its revision tells of.
  if (known.document === undefined) return { $set: { enabled: on } }
  return { $set: { enabled: on }, $push: pushSwitch(one) }
}

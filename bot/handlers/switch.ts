import type { HandlerSwitch, StoredHandler } from '../../models/handler.ts'
import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import { builtInHandlers } from '../commands/builtin.ts'
import { problemsOfShape } from './drafts.ts'
import { pushSwitch } from './publish.ts'
import { HandlerRefused } from './refusal.ts'

/** How the switch stands now, and whether it was thrown. */
export interface Switched {
  key: string
  on: boolean
  changed: boolean
  /** When it was thrown last, and by whom, as far as that is kept. */
  last?: HandlerSwitch
}

/**
 * Switches a handler on or off, without a new revision. One that stands so already is left alone.
 *
 * @throws HandlerRefused `unknown`; and for on: `never_published`, `broken` with what keeps it from running
 */
export async function switchHandler(
  models: Models,
  corpId: string,
  key: string,
  on: boolean,
  by: string,
  actions: ActionTable,
): Promise<Switched> {
  const stored = await models.handlers.findOne({ corpId, key }).lean()
  if (stored === null) throw new HandlerRefused('unknown', key)
  if (stored.document === undefined) throw new HandlerRefused('never_published', key)
  const problems = on ? problemsOfShape(stored.document, actions) : []
  if (problems.length > 0)
    throw new HandlerRefused('broken', key, problems.map(one => `${one.path} ${one.message}`).join('; '))
  const one: HandlerSwitch = { at: new Date(), on, by }
  const { modifiedCount } = await models.handlers.updateOne(
    { corpId, key, enabled: !on },
    {
      $set: { enabled: on, updatedAt: one.at },
      $push: pushSwitch(one),
    },
  )
  const last = modifiedCount > 0 ? one : stored.switched?.at(-1)
  return { key, on, changed: modifiedCount > 0, ...(last && { last }) }
}

/**
 * Removes a handler and its draft; its revisions stay.
 *
 * @throws HandlerRefused `unknown`; `built_in` for what a start would bring back
 */
export async function removeHandler(models: Models, corpId: string, key: string): Promise<void> {
  const stored = await models.handlers.findOne({ corpId, key }, { seed: 1 }).lean()
  if (stored === null) throw new HandlerRefused('unknown', key)
  if (isBuiltIn(key, stored)) throw new HandlerRefused('built_in', key)
  await models.handlers.deleteOne({ corpId, key })
}

function isBuiltIn(key: string, { seed }: Pick<StoredHandler, 'seed'>): boolean {
  return seed !== undefined || builtInHandlers.some(one => one.key === key)
}

import { isSealedWith } from '../../bot/save-corp.ts'
import type { Models } from '../../models/models.ts'
import { robotPlace } from '../../models/robot.ts'
import { readSecretFile } from './secrets.ts'
import { corp, defineVerb, UsageError, when } from './verb.ts'

const name = { type: 'positional', required: true, description: 'Name, as handlers call it' } as const

const asked = 'Webhook address or key'

/** What people may copy: the whole address of the webhook, or its key alone. @throws UsageError, which repeats nothing of it */
function keyIn(given: string): string {
  const key = URL.canParse(given) ? (new URL(given).searchParams.get('key') ?? '') : given
  if (!/^[\w-]{16,128}$/.test(key))
    throw new UsageError(
      'this is no webhook: give its address, https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…, or the key alone',
    )
  return key
}

/** Keys of handlers that name the robot. */
async function usersOf(models: Models, corpId: string): Promise<Map<string, string[]>> {
  const handlers = await models.handlers.find({ corpId }, { key: 1, document: 1 }).sort({ key: 1 }).lean()
  const users = new Map<string, string[]>()
  for (const { key, document } of handlers) {
    const steps = (document as { steps?: { action?: string; with?: { robot?: unknown } }[] } | undefined)
      ?.steps
    const robots = (steps ?? []).flatMap(step => (step.action === 'robot.send' ? [step.with?.robot] : []))
    for (const robot of new Set(robots))
      if (typeof robot === 'string') users.set(robot, [...(users.get(robot) ?? []), key])
  }
  return users
}

export const robotList = defineVerb(
  'Robots of groups, and the handlers that name them',
  { corp },
  async (args, open) => {
    const { models, corpIds } = await open()
    const data: { corpId: string; name: string; addedAt: Date; handlers: string[] }[] = []
    for (const corpId of await corpIds(args.corp)) {
      const users = await usersOf(models, corpId)
      const robots = await models.robots.find({ corpId }, { name: 1, addedAt: 1 }).sort({ name: 1 }).lean()
      data.push(
        ...robots.map(one => ({
          corpId,
          name: one.name,
          addedAt: one.addedAt,
          handlers: users.get(one.name) ?? [],
        })),
      )
    }
    const rows = data.map(one => ({
      corp: one.corpId,
      name: one.name,
      added: when(one.addedAt),
      handlers: one.handlers.join(', ') || undefined,
    }))
    return { data, rows }
  },
)

export const robotAdd = defineVerb(
  'Add a robot of a group for robot.send, or give one another key; the key is asked for',
  { name, corp, 'key-file': { type: 'string', description: 'File with the webhook address or key' } },
  async (args, open) => {
    const opened = await open()
    const { models, secrets } = opened
    const corpId = await opened.corpId(args.corp)
    const called = args.name.trim()
    if (called === '' || [...called].length > 40) throw new UsageError('a name has 1 to 40 characters')
    if (!(await isSealedWith(models, secrets)))
      throw new UsageError("ENCRYPTION_KEY is not the one that Sidekick's secrets are sealed with")
    const file = args['key-file']
    const [typed = ''] = file === undefined ? await opened.ask([asked]) : [await readSecretFile(file)]
    const key = secrets.seal(robotPlace(corpId, called), keyIn(typed))
    const { upsertedCount } = await models.robots.updateOne(
      { corpId, name: called },
      { $set: { key, addedAt: new Date() } },
      { upsert: true },
    )
    const replaced = upsertedCount === 0
    const text = replaced
      ? `${called} has another key now; instances use it at once`
      : `${called} is there: handlers say robot.send with robot: ${called}`
    return { data: { corpId, name: called, replaced }, text }
  },
)

export const robotRemove = defineVerb('Remove a robot of a group', { name, corp }, async (args, open) => {
  const opened = await open()
  const corpId = await opened.corpId(args.corp)
  const called = args.name.trim()
  const { deletedCount } = await opened.models.robots.deleteOne({ corpId, name: called })
  if (deletedCount === 0) throw new UsageError(`there is no robot ${called}; sidekick robot list shows them`)
  const handlers = (await usersOf(opened.models, corpId)).get(called) ?? []
  const note =
    handlers.length > 0 ? `still named by ${handlers.join(', ')}: their steps will be refused` : undefined
  return { data: { corpId, name: called, handlers }, text: `${called} is removed`, notes: [note] }
})

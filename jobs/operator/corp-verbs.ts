import { actions } from '../../bot/actions/registry.ts'
import type { CallbackKeyPair } from '../../bot/apps.ts'
import { builtInHandlers } from '../../bot/commands/builtin.ts'
import { seedHandlers } from '../../bot/handlers/seed.ts'
import { addApp, isSealedWith, overlapMs, rotateCallback, rotateSecret } from '../../bot/save-corp.ts'
import { appRules } from '../../config.ts'
import { syncNames } from '../../models/sync-state.ts'
import { isTimeZone } from '../../models/time-zone.ts'
import { readLength } from './moments.ts'
import { officeText, readOffice } from './office.ts'
import { makePair, readPair, readSecrets, secretArgs, type Wanted } from './secrets.ts'
import { defineVerb, type Opened, UsageError, unattended, when } from './verb.ts'

export const corpList = defineVerb('Corps and their apps', {}, async (_, open) => {
  const { models } = await open()
  const corps = await models.corps.find().sort({ corpId: 1 }).lean()
  const now = Date.now()
  const taken = (previous: readonly { until: Date }[] = []): Date | undefined =>
    previous.map(one => one.until).filter(until => until.getTime() > now)[0]
  const data = corps.map(({ corpId, name, timeZone, office, apps }) => {
    const formerKeysUntil = Object.fromEntries(apps.map(({ app, previous }) => [app, taken(previous)]))
    return { corpId, name, timeZone, office, apps: apps.map(({ app }) => app), formerKeysUntil }
  })
  const rows = corps.flatMap(({ corpId, name, timeZone, office, apps }) =>
    apps.map(({ app, secret, previous }) => {
      const sends = secret === undefined ? 'no' : 'yes'
      const zone = isTimeZone(timeZone) ? timeZone : `${timeZone} (there is none)`
      const told = { corp: corpId, name, zone, office: officeText(office), app, sends }
      return { ...told, 'former keys until': when(taken(previous)) }
    }),
  )
  return { data, rows }
})

/** What to enter in WeCom's console. Only what was made here is repeated. */
function forConsole(opened: Opened, corpId: string, app: string, pair: CallbackKeyPair, made: boolean) {
  const { publicUrl, app: own } = opened.config
  const ownPaths: Record<string, string> = { [own?.agentId ?? '']: 'app', contact: 'contact' }
  const path = `/callback/${(own?.corpId === corpId ? ownPaths[app] : undefined) ?? `${corpId}/${app}`}`
  const url = `${publicUrl === undefined ? 'https://<your host>' : new URL(publicUrl).origin}${path}`
  const shown = made ? { token: pair.token, aesKey: pair.aesKey } : {}
  const lines = [`URL             ${url}`]
  if (made) lines.push(`Token           ${pair.token}`, `EncodingAESKey  ${pair.aesKey}`)
  return { data: { url, ...shown }, text: lines.join('\n') }
}

async function assertKey({ models, secrets }: Opened): Promise<void> {
  if (!(await isSealedWith(models, secrets)))
    throw new UsageError("ENCRYPTION_KEY is not the one that Sidekick's secrets are sealed with")
}

function readApp(text: string): string {
  if (text !== 'contact' && !appRules.agentId.safeParse(text).success)
    throw new UsageError(`"${text}" is no app: give the agent id (digits), or contact`)
  return text
}

const corpId = { type: 'positional', required: true, description: 'Corp id' } as const

export const corpAdd = defineVerb(
  'Add a corp, or a further app of one; running instances take its callbacks within seconds',
  {
    corpId,
    app: { type: 'string', required: true, description: 'Agent id, or contact' },
    name: { type: 'string', description: 'Name of a new corp' },
    ...secretArgs,
  },
  async (args, open) => {
    const opened = await open()
    const { models, secrets, jobs } = opened
    if (!appRules.corpId.safeParse(args.corpId).success)
      throw new UsageError(`"${args.corpId}" is not a corp id; example: ww0123456789abcdef`)
    const app = readApp(args.app)
    await assertKey(opened)
    const wants = [...(app === 'contact' ? [] : (['secret'] as const)), ...(args.generate ? [] : pairParts)]
    const { secret, ...given } = await readSecrets<Wanted>(opened, args, wants)
    const pair = args.generate ? makePair() : given
    const plain = { app, ...pair, ...(app !== 'contact' && { secret }) }
    // Before its first event may come.
    if ((await models.corps.exists({ corpId: args.corpId })) === null)
      await seedHandlers(models, args.corpId, builtInHandlers, actions)
    const isNew = await addApp(models, secrets, {
      corpId: args.corpId,
      name: args.name ?? args.corpId,
      app: plain,
    })
    if (isNew && app !== 'contact')
      for (const what of syncNames) await jobs.enqueue(`sync.${what}`, { corpId: args.corpId })
    const { data, text } = forConsole(opened, args.corpId, app, pair, args.generate)
    return { data: { corpId: args.corpId, app, ...data }, text, notes: [await unattended(jobs)] }
  },
)

export const corpSet = defineVerb(
  'Set the time zone and the office hours of a corp, what time.* goes by; running instances follow within 5 s',
  {
    corpId,
    'time-zone': { type: 'string', description: 'IANA name, such as Asia/Shanghai' },
    office: {
      type: 'string',
      description: 'Hours and days, such as "9:00-18:00 1-5"; 1 is Monday, every day without',
    },
  },
  async ({ corpId, 'time-zone': timeZone, office: given }, open) => {
    if (timeZone === undefined && given === undefined)
      throw new UsageError('give --time-zone Asia/Shanghai, --office "9:00-18:00 1-5", or both')
    if (timeZone !== undefined && !isTimeZone(timeZone))
      throw new UsageError(`"${timeZone}" is not the IANA name of a time zone; example: Asia/Shanghai`)
    const office = given === undefined ? undefined : readOffice(given)
    const { models } = await open()
    const set = { ...(timeZone !== undefined && { timeZone }), ...(office !== undefined && { office }) }
    const corp = await models.corps
      .findOneAndUpdate({ corpId }, { $set: set }, { returnDocument: 'after' })
      .lean()
    if (corp === null) throw new UsageError(`there is no corp ${corpId}`)
    const data = { corpId, timeZone: corp.timeZone, office: corp.office }
    const text = `${corpId}: ${officeText(corp.office)} in ${corp.timeZone}`
    return { data, text, notes: ['running instances follow within 5 s'] }
  },
)

const pairParts = ['token', 'aesKey'] as const

export const corpRotate = defineVerb(
  'Give an app new callback keys, while the former ones are still taken, or with --secret a new Secret',
  {
    corpId,
    app: { type: 'positional', required: true, description: 'Agent id, or contact' },
    secret: { type: 'boolean', description: 'The Secret instead of the callback keys', default: false },
    overlap: { type: 'string', description: 'How long the former keys are taken', default: '24h' },
    ...secretArgs,
  },
  async (args, open) => {
    const overlap = args.overlap === '24h' ? overlapMs : readLength(args.overlap)
    if (overlap === undefined)
      throw new UsageError(`--overlap "${args.overlap}" is no length; examples: 24h, 0s`)
    const opened = await open()
    const { models, secrets, config } = opened
    const which = { corpId: args.corpId, app: readApp(args.app) }
    await assertKey(opened)
    const isOwn = config.app?.corpId === which.corpId && ['contact', config.app.agentId].includes(which.app)
    const inEnvironment = isOwn
      ? 'it is in the environment too: change it there before the next start'
      : undefined
    if (args.secret) {
      if (which.app === 'contact') throw new UsageError('contact only receives and has no Secret')
      const { secret } = await readSecrets(opened, args, ['secret'])
      await rotateSecret(models, secrets, which, secret)
      const text = `${which.corpId} ${which.app}: the Secret is stored; instances use it within seconds`
      return { data: which, text, notes: [inEnvironment] }
    }
    const pair = await readPair(opened, args)
    const until = new Date(Date.now() + overlap)
    await rotateCallback(models, secrets, which, pair, until)
    const { data, text } = forConsole(opened, which.corpId, which.app, pair, args.generate)
    const told = `${text}\nthe former keys are taken until ${until.toISOString()}`
    return { data: { ...which, ...data, formerKeysUntil: until }, text: told, notes: [inEnvironment] }
  },
)

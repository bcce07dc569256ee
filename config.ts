import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'

/** One line per wrong setting: the variable, what is wrong, an example. */
export class ConfigError extends Error {
  readonly code = 'config_invalid'
  readonly problems: readonly string[]
  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** The one self-built app that the environment names, as the corp's admin reads it off the console. */
export interface AppSettings {
  corpId: string
  agentId: string
  secret: string
  callback: { token: string; aesKey: string }
  /** The separate customer-contact event server of older corps. */
  contact?: { token: string; aesKey: string }
}

export type Role = 'web' | 'worker'

export interface Config {
  /** `demo` without any WeCom setting: a simulated WeCom on this machine. */
  mode: 'demo' | 'wecom'
  host: string
  port: number
  /** An origin. */
  publicUrl?: string
  /** Absolute. */
  dataDir: string
  mongodbUri?: string
  roles: ReadonlySet<Role>
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
  sessionSecret: string
  /** 32 bytes. */
  encryptionKey: Buffer
  retentionDays: number
  apiBase?: string
  loginBase?: string
  /** Missing in demo mode. */
  app?: AppSettings
  domainVerify?: string
  /** Userids of those who see all and may do all; in demo mode there is always one. */
  adminStaff: readonly string[]
  replyBudgetMs: number
  metricsToken?: string
  simPort: number
}

const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'is not a whole number')
  .transform(Number)
const port = whole.pipe(z.number().max(65_535, 'is above 65535'))
const httpUrl = z.url({ protocol: /^https?$/, error: 'is not an http(s) address' })
const origin = httpUrl.regex(
  /^https?:\/\/[^/?#@]+\/?$/i,
  'is more than an origin: no path, query, hash or user',
)
/** What identifies an app to WeCom and WeCom to the app, wherever an operator gives it. */
export const appRules = {
  corpId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is not a corp id'),
  agentId: z.string().regex(/^[0-9]{1,16}$/, 'is not an agent id (digits)'),
  secret: z.string().regex(/^\S+$/, 'holds white space'),
  token: z.string().regex(/^[A-Za-z0-9]{1,32}$/, 'is not 1 to 32 letters and digits'),
  aesKey: z.string().regex(/^[A-Za-z0-9]{43}$/, 'is not 43 letters and digits'),
} as const
const { token: callbackToken, aesKey: callbackAesKey } = appRules
const list = z.string().transform(text =>
  text
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== ''),
)

/** Every variable: how it is read, and an example that is right. An empty variable counts as not set. */
const settings = {
  NODE_ENV: { read: z.string().optional(), example: 'production' },
  HOST: { read: z.string().optional(), example: '0.0.0.0' },
  PORT: { read: port.prefault('3000'), example: '3000' },
  PUBLIC_URL: { read: origin.optional(), example: 'https://sidekick.example.com' },
  DATA_DIR: { read: z.string().default('.data'), example: '.data' },
  MONGODB_URI: {
    read: z
      .string()
      .regex(/^mongodb(\+srv)?:\/\/\S+$/, 'does not begin with mongodb:// or mongodb+srv://')
      .optional(),
    example: 'mongodb://db1,db2,db3/sidekick?replicaSet=rs0',
  },
  ROLES: {
    read: list
      .pipe(z.array(z.enum(['web', 'worker'], 'names a role that does not exist')).min(1, 'names no role'))
      .default(['web', 'worker']),
    example: 'web,worker',
  },
  LOG_LEVEL: {
    read: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'is not a log level').optional(),
    example: 'info',
  },
  SESSION_SECRET: {
    read: z.string().min(32, 'is shorter than 32 characters').optional(),
    example: 'openssl rand -hex 32',
  },
  ENCRYPTION_KEY: {
    read: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'is not 64 hexadecimal digits (32 bytes)')
      .optional(),
    example: 'openssl rand -hex 32',
  },
  RETENTION_DAYS: {
    read: whole.pipe(z.number().min(2, 'is below 2').max(3650, 'is above 3650')).prefault('30'),
    example: '30',
  },
  WECOM_API_BASE: { read: httpUrl.optional(), example: 'https://qyapi.weixin.qq.com' },
  WECOM_LOGIN_BASE: { read: httpUrl.optional(), example: 'https://login.work.weixin.qq.com' },
  WECOM_CORP_ID: { read: appRules.corpId.optional(), example: 'ww0123456789abcdef' },
  WECOM_AGENT_ID: { read: appRules.agentId.optional(), example: '1000002' },
  WECOM_AGENT_SECRET: {
    read: appRules.secret.optional(),
    example: 'the Secret of the app in the admin console',
  },
  WECOM_CALLBACK_TOKEN: { read: callbackToken.optional(), example: 'the Token under 接收消息 → 设置API接收' },
  WECOM_CALLBACK_AES_KEY: {
    read: callbackAesKey.optional(),
    example: 'the EncodingAESKey under 接收消息 → 设置API接收',
  },
  WECOM_CONTACT_TOKEN: { read: callbackToken.optional(), example: 'the Token of 客户联系 → API' },
  WECOM_CONTACT_AES_KEY: { read: callbackAesKey.optional(), example: 'the EncodingAESKey of 客户联系 → API' },
  WECOM_DOMAIN_VERIFY: {
    read: z
      .string()
      .regex(/^[A-Za-z0-9]{1,64}$/, 'is not the content of a WW_verify file')
      .optional(),
    example: 'AbCdEf1234567890',
  },
  ADMIN_STAFF: { read: list.default([]), example: 'lina,zhangwei' },
  REPLY_BUDGET_MS: {
    read: whole.pipe(z.number().max(4500, 'is above 4500; the platform waits 5 s')).prefault('1500'),
    example: '1500',
  },
  METRICS_TOKEN: {
    read: z.string().min(16, 'is shorter than 16 characters').optional(),
    example: 'openssl rand -hex 16',
  },
  SIM_PORT: { read: port.prefault('3001'), example: '3001' },
} as const satisfies Record<string, { read: z.ZodType; example: string }>

type Settings = { [K in keyof typeof settings]: z.infer<(typeof settings)[K]['read']> }

const secretNames: ReadonlySet<string> = new Set([
  'SESSION_SECRET',
  'ENCRYPTION_KEY',
  'WECOM_AGENT_SECRET',
  'WECOM_CALLBACK_TOKEN',
  'WECOM_CALLBACK_AES_KEY',
  'WECOM_CONTACT_TOKEN',
  'WECOM_CONTACT_AES_KEY',
  'METRICS_TOKEN',
  'MONGODB_URI',
])

const appNames = [
  'WECOM_CORP_ID',
  'WECOM_AGENT_ID',
  'WECOM_AGENT_SECRET',
  'WECOM_CALLBACK_TOKEN',
  'WECOM_CALLBACK_AES_KEY',
] as const

/**
 * Reads the environment, and `.env` in the working directory beneath it, into one frozen configuration. Makes the two
 * secrets under `DATA_DIR` (mode 0600) where they may be made.
 *
 * @param keep as for `parseConfig`
 * @throws ConfigError naming every wrong value at once.
 */
export function loadConfig(keep: typeof keepSecret = keepSecret): Config {
  const file = readDotEnv()
  return parseConfig({ ...file, ...process.env }, keep)
}

/** Whether npm runs this process, by a shell of its own; no setting of ours. */
export const isRunByNpm = (): boolean => process.env.npm_lifecycle_event !== undefined

function readDotEnv(): Record<string, string | undefined> {
  if (!existsSync('.env')) return {}
  try {
    return parseEnv(readFileSync('.env', 'utf8'))
  } catch (error) {
    throw new ConfigError([`.env cannot be read: ${(error as Error).message}`])
  }
}

/**
 * The pure part of `loadConfig`.
 *
 * @param keep gives the secret of this name that is kept in the folder, and makes it the first time.
 */
export function parseConfig(
  env: Readonly<Record<string, string | undefined>>,
  keep: (dataDir: string, name: string) => string,
): Config {
  const problems: string[] = []
  const read: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(settings)) {
    const text = env[name]?.trim() || undefined
    const result = setting.read.safeParse(text)
    if (result.success) read[name] = result.data
    else problems.push(problem(name, text, result.error.issues[0]?.message ?? 'is wrong'))
  }
  const given = (name: string): boolean => Boolean(env[name]?.trim())
  const wecomNames = Object.keys(settings).filter(name => name.startsWith('WECOM_'))
  // A misspelt name must not lead into demo mode.
  for (const name of Object.keys(env).filter(one => one.startsWith('WECOM_') && given(one))) {
    if (!wecomNames.includes(name))
      problems.push(`${name} is no setting; those that begin alike are ${wecomNames.join(', ')}`)
  }
  const mode = wecomNames.some(given) ? 'wecom' : 'demo'
  if (mode === 'wecom') {
    for (const name of appNames) {
      if (!given(name))
        problems.push(problem(name, undefined, 'is missing while other WECOM_ settings are given'))
    }
    for (const [one, other] of [
      ['WECOM_CONTACT_TOKEN', 'WECOM_CONTACT_AES_KEY'],
      ['WECOM_CONTACT_AES_KEY', 'WECOM_CONTACT_TOKEN'],
    ] as const) {
      if (given(one) && !given(other))
        problems.push(problem(other, undefined, `is missing while ${one} is given`))
    }
  } else if (env.NODE_ENV?.trim() === 'production') {
    problems.push(
      problem('WECOM_CORP_ID', undefined, 'is missing: with NODE_ENV=production there is no demo mode'),
    )
  }
  if (given('MONGODB_URI')) {
    for (const name of ['SESSION_SECRET', 'ENCRYPTION_KEY'] as const) {
      if (!given(name))
        problems.push(problem(name, undefined, 'is missing: with MONGODB_URI all instances must share it'))
    }
  }
  if (
    mode === 'demo' &&
    read.HOST !== undefined &&
    !['127.0.0.1', 'localhost', '::1'].includes(String(read.HOST))
  ) {
    problems.push(
      problem(
        'HOST',
        String(read.HOST),
        'is not a loopback address, and demo mode has no login',
        '127.0.0.1',
      ),
    )
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(toConfig(read as Settings, mode, keep))
}

/** Somebody has to be, for the newcomer to try what admins do. */
const demoAdmins: readonly string[] = ['zhouming']

function toConfig(
  s: Settings,
  mode: Config['mode'],
  keep: (dataDir: string, name: string) => string,
): Config {
  const dataDir = resolve(s.DATA_DIR)
  return {
    mode,
    host: s.HOST ?? (mode === 'demo' ? '127.0.0.1' : '0.0.0.0'),
    port: s.PORT,
    dataDir,
    roles: new Set(s.ROLES),
    logLevel: s.LOG_LEVEL ?? (mode === 'demo' ? 'warn' : 'info'),
    sessionSecret: s.SESSION_SECRET ?? keep(dataDir, 'session-secret'),
    encryptionKey: Buffer.from(s.ENCRYPTION_KEY ?? keep(dataDir, 'encryption-key'), 'hex'),
    retentionDays: s.RETENTION_DAYS,
    adminStaff: mode === 'demo' && s.ADMIN_STAFF.length === 0 ? demoAdmins : s.ADMIN_STAFF,
    replyBudgetMs: s.REPLY_BUDGET_MS,
    simPort: s.SIM_PORT,
    ...(s.PUBLIC_URL !== undefined && { publicUrl: s.PUBLIC_URL }),
    ...(s.MONGODB_URI !== undefined && { mongodbUri: s.MONGODB_URI }),
    ...(s.WECOM_API_BASE !== undefined && { apiBase: s.WECOM_API_BASE }),
    ...(s.WECOM_LOGIN_BASE !== undefined && { loginBase: s.WECOM_LOGIN_BASE }),
    ...(s.WECOM_DOMAIN_VERIFY !== undefined && { domainVerify: s.WECOM_DOMAIN_VERIFY }),
    ...(s.METRICS_TOKEN !== undefined && { metricsToken: s.METRICS_TOKEN }),
    ...(mode === 'wecom' && { app: toApp(s) }),
  }
}

function toApp(s: Settings): AppSettings {
  return {
    corpId: s.WECOM_CORP_ID ?? '',
    agentId: s.WECOM_AGENT_ID ?? '',
    secret: s.WECOM_AGENT_SECRET ?? '',
    callback: { token: s.WECOM_CALLBACK_TOKEN ?? '', aesKey: s.WECOM_CALLBACK_AES_KEY ?? '' },
    ...(s.WECOM_CONTACT_TOKEN !== undefined &&
      s.WECOM_CONTACT_AES_KEY !== undefined && {
        contact: { token: s.WECOM_CONTACT_TOKEN, aesKey: s.WECOM_CONTACT_AES_KEY },
      }),
  }
}

function problem(name: string, value: string | undefined, fault: string, example?: string): string {
  const shown = value === undefined || secretNames.has(name) ? '' : ` "${value.slice(0, 80)}"`
  const right = example ?? settings[name as keyof typeof settings].example
  return `${name}${shown} ${fault}; example: ${name}=${right}`
}

/** Reads a secret that was made here before, or makes it: 32 random bytes in hex, readable by the owner only. */
export function keepSecret(dataDir: string, name: string): string {
  try {
    return readOrMakeSecret(dataDir, name)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError([
      `DATA_DIR "${dataDir}" cannot be used: ${(error as Error).message}; example: DATA_DIR=.data`,
    ])
  }
}

function readOrMakeSecret(dataDir: string, name: string): string {
  const path = join(dataDir, name)
  if (!existsSync(path)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    try {
      writeFileSync(path, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' })
    } catch (error) {
      // Another process of the same folder made it in this moment; its value is the one that counts.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  chmodSync(path, 0o600)
  const secret = readFileSync(path, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/.test(secret))
    throw new ConfigError([
      `${path} does not hold 64 hexadecimal digits; restore it from a backup, or remove it to make a new one (sealed secrets are then lost)`,
    ])
  return secret
}

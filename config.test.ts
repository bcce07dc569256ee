import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConfigError, loadConfig, parseConfig } from './config.ts'

const kept = '0f'.repeat(32)
const wecom = {
  WECOM_CORP_ID: 'ww0123456789abcdef',
  WECOM_AGENT_ID: '1000002',
  WECOM_AGENT_SECRET: 'app-secret',
  WECOM_CALLBACK_TOKEN: 'QDG6eK',
  WECOM_CALLBACK_AES_KEY: 'a'.repeat(43),
}
const parse = (env: Record<string, string | undefined>) => parseConfig(env, () => kept)

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    parse(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('a configuration without settings', () => {
  it('is the demo, on this machine alone', () => {
    expect(parse({})).toMatchObject({ mode: 'demo', host: '127.0.0.1', port: 3000, simPort: 3001 })
    expect(parse({})).not.toHaveProperty('app')
  })

  it('counts empty and blank variables as not set', () => {
    expect(parse({ PORT: '', HOST: ' ', WECOM_CORP_ID: '', ROLES: '\t' })).toEqual(parse({}))
  })

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(parse({}))).toBe(true)
  })

  it('is refused in production', () => {
    expect(problemsOf({ NODE_ENV: 'production' })).toEqual([
      expect.stringMatching(/^WECOM_CORP_ID is missing: .*no demo mode/),
    ])
  })

  it.each(['0.0.0.0', '192.168.1.5', 'sidekick.example.com'])('refuses to listen on %s', HOST => {
    expect(problemsOf({ HOST })).toEqual([expect.stringMatching(/^HOST ".+" is not a loopback address/)])
  })

  it.each(['127.0.0.1', 'localhost', '::1'])('listens on %s', HOST => {
    expect(parse({ HOST }).host).toBe(HOST)
  })
})

describe('a configuration with WeCom settings', () => {
  it('is connected, and listens on every address', () => {
    expect(parse(wecom)).toMatchObject({
      mode: 'wecom',
      host: '0.0.0.0',
      app: {
        corpId: 'ww0123456789abcdef',
        agentId: '1000002',
        secret: 'app-secret',
        callback: { token: 'QDG6eK', aesKey: 'a'.repeat(43) },
      },
    })
    expect(parse(wecom).app).not.toHaveProperty('contact')
  })

  it.each(Object.keys(wecom))('is refused without %s', name => {
    expect(problemsOf({ ...wecom, [name]: undefined })).toEqual([
      expect.stringMatching(new RegExp(`^${name} is missing .*example: ${name}=.`)),
    ])
  })

  it('is no demo as soon as one of them is there, whichever it is', () => {
    expect(problemsOf({ WECOM_DOMAIN_VERIFY: 'AbCdEf' })).toHaveLength(5)
  })

  it('is no demo because of a misspelt name', () => {
    expect(problemsOf({ WECOM_CORPID: 'ww1', WECOM_EMPTY: '' })).toEqual([
      expect.stringMatching(/^WECOM_CORPID is no setting; .*WECOM_CORP_ID/),
    ])
  })

  it('knows the separate customer-contact server by both of its keys, not by one', () => {
    const contact = { WECOM_CONTACT_TOKEN: 'tok', WECOM_CONTACT_AES_KEY: 'b'.repeat(43) }
    expect(parse({ ...wecom, ...contact }).app?.contact).toEqual({ token: 'tok', aesKey: 'b'.repeat(43) })
    for (const name of Object.keys(contact)) {
      expect(problemsOf({ ...wecom, ...contact, [name]: '' })).toEqual([
        expect.stringContaining(`${name} is missing while`),
      ])
    }
  })
})

describe('a wrong value', () => {
  it.each([
    ['PORT', '70000', 'is above 65535'],
    ['PORT', '３０００', 'is not a whole number'],
    ['PORT', '80.5', 'is not a whole number'],
    ['SIM_PORT', '0x10', 'is not a whole number'],
    ['REPLY_BUDGET_MS', '1e3', 'is not a whole number'],
    ['PUBLIC_URL', 'javascript:alert(1)', 'is not an http(s) address'],
    ['PUBLIC_URL', 'sidekick.example.com', 'is not an http(s) address'],
    [
      'PUBLIC_URL',
      'https://sidekick.example.com/sidekick/',
      'is more than an origin: no path, query, hash or user',
    ],
    [
      'PUBLIC_URL',
      'https://sidekick.example.com/?x=1',
      'is more than an origin: no path, query, hash or user',
    ],
    [
      'PUBLIC_URL',
      'https://sidekick.example.com#top',
      'is more than an origin: no path, query, hash or user',
    ],
    ['ROLES', 'web;worker', 'names a role that does not exist'],
    ['ROLES', ' , ', 'names no role'],
    ['LOG_LEVEL', 'verbose', 'is not a log level'],
    ['RETENTION_DAYS', '1', 'is below 2'],
    ['REPLY_BUDGET_MS', '4501', 'is above 4500; the platform waits 5 s'],
  ])('%s=%s is named with what is wrong and an example', (name, value, fault) => {
    expect(problemsOf({ [name]: value })).toEqual([
      expect.stringMatching(
        new RegExp(`^${name} ".*" ${fault.replace(/[()]/g, '\\$&')}; example: ${name}=.`),
      ),
    ])
  })

  it('is named together with all the others, a line each', () => {
    const problems = problemsOf({ ...wecom, PORT: 'x', ROLES: 'x', WECOM_AGENT_ID: 'x' })
    expect(problems.map(line => line.split(' ')[0])).toEqual(['PORT', 'ROLES', 'WECOM_AGENT_ID'])
    expect(() => parse({ PORT: 'x', ROLES: 'x' })).toThrow(/^PORT .*\nROLES .*$/)
  })

  it('is shown in part where it is very long', () => {
    expect(problemsOf({ PORT: 'x'.repeat(10_000) })[0]?.length).toBeLessThan(200)
  })

  it('of a secret is never shown', () => {
    const secrets = {
      SESSION_SECRET: 'too-short-hush',
      ENCRYPTION_KEY: 'not-hex-hush',
      WECOM_AGENT_SECRET: 'white space-hush',
      WECOM_CALLBACK_TOKEN: 'sign!-hush',
      WECOM_CALLBACK_AES_KEY: 'short-hush',
      WECOM_CONTACT_TOKEN: 'sign!-hush',
      WECOM_CONTACT_AES_KEY: 'short-hush',
      METRICS_TOKEN: 'short-hush',
      MONGODB_URI: 'mongodb//user:hush@db',
    }
    const problems = problemsOf({ ...wecom, ...secrets })
    expect(problems.map(line => line.split(' ')[0])).toEqual(expect.arrayContaining(Object.keys(secrets)))
    expect(problems.join('\n')).not.toContain('hush')
  })
})

describe('lists and secrets', () => {
  it('reads lists with blanks and empty items', () => {
    const config = parse({ ADMIN_STAFF: ' lina ,, ZhangWei01 ,', ROLES: ' worker ' })
    expect(config.adminStaff).toEqual(['lina', 'ZhangWei01'])
    expect([...config.roles]).toEqual(['worker'])
  })

  it('has an admin in the demo, unless others are named, and none beside it', () => {
    expect(parse({}).adminStaff).toEqual(['zhouming'])
    expect(parse({ ADMIN_STAFF: 'lina' }).adminStaff).toEqual(['lina'])
    expect(parse(wecom).adminStaff).toEqual([])
  })

  it('wants both secrets given where instances share a database', () => {
    const problems = problemsOf({ MONGODB_URI: 'mongodb://db/sidekick' })
    expect(problems.map(line => line.split(' ')[0])).toEqual(['SESSION_SECRET', 'ENCRYPTION_KEY'])
  })

  it('prefers given secrets to kept ones, and keeps nothing then', () => {
    const keep = vi.fn(() => kept)
    const config = parseConfig({ SESSION_SECRET: 's'.repeat(32), ENCRYPTION_KEY: 'AB'.repeat(32) }, keep)
    expect(config.sessionSecret).toBe('s'.repeat(32))
    expect(config.encryptionKey).toEqual(Buffer.alloc(32, 0xab))
    expect(keep).not.toHaveBeenCalled()
  })

  it('makes nothing on disk where a value is wrong', () => {
    const keep = vi.fn(() => kept)
    expect(() => parseConfig({ PORT: 'x' }, keep)).toThrow(ConfigError)
    expect(keep).not.toHaveBeenCalled()
  })
})

describe('a start from the environment', () => {
  let folder = ''
  const before = process.cwd()
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sidekick-config-'))
    process.chdir(folder)
    for (const name of Object.keys(process.env)) {
      if (/^(WECOM_|MONGODB_URI|ENCRYPTION_KEY|SESSION_SECRET|NODE_ENV|HOST|PORT|DATA_DIR)/.test(name))
        vi.stubEnv(name, undefined)
    }
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    process.chdir(before)
    rmSync(folder, { recursive: true })
  })

  it('makes two different secrets that only the owner can read, and finds them again', () => {
    const first = loadConfig()
    for (const name of ['session-secret', 'encryption-key']) {
      expect(statSync(join(folder, '.data', name)).mode & 0o777).toBe(0o600)
    }
    expect(first.encryptionKey.toString('hex')).not.toBe(first.sessionSecret)
    expect(first.encryptionKey).toHaveLength(32)
    expect(loadConfig()).toEqual(first)
  })

  it('refuses a damaged secret, names its file and leaves it as it is', () => {
    loadConfig()
    const path = join(folder, '.data', 'encryption-key')
    writeFileSync(path, 'damaged')
    expect(() => loadConfig()).toThrow(/encryption-key does not hold 64 hexadecimal digits/)
    expect(readFileSync(path, 'utf8')).toBe('damaged')
  })

  it('names the folder that cannot be used, and the .env that cannot be read', () => {
    writeFileSync('file', '')
    vi.stubEnv('DATA_DIR', join('file', 'data'))
    expect(() => loadConfig()).toThrow(/^DATA_DIR ".*file.data" cannot be used: /)
    mkdirSync('.env')
    expect(() => loadConfig()).toThrow(/^\.env cannot be read: /)
  })

  it('reads .env in the working directory, beneath the environment', () => {
    writeFileSync('.env', 'PORT=4000\nSIM_PORT=4001\n')
    vi.stubEnv('PORT', '5000')
    expect(loadConfig()).toMatchObject({ port: 5000, simPort: 4001 })
  })
})

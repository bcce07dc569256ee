// Checks what no linter knows: who may import whom, what the start does not load, and that tests don't care which database they
// run on.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const roots = ['bot', 'jobs', 'models', 'sidebar', 'fixtures']

/** Rooms, most particular first, and what each may import at run time besides itself. `*` is everything. */
const rooms = [
  { room: 'bot/wecom', may: [] },
  { room: 'bot/events', may: [] },
  { room: 'bot/process', may: ['bot', 'models', 'config.ts'] },
  { room: 'bot', may: ['bot', 'bot/wecom', 'bot/events', 'models'] },
  { room: 'models/embedded', may: [] },
  { room: 'models', may: [], also: { 'models/connect.ts': ['models/embedded'] } },
  { room: 'jobs/operator', may: ['bot', 'jobs', 'models', 'config.ts'] },
  { room: 'jobs', may: ['models', 'bot/wecom', 'bot/handlers', 'bot/actions'] },
  { room: 'sidebar/app', may: ['sidebar/api.ts'] },
  { room: 'sidebar', may: ['models', 'bot/wecom', 'bot/handlers', 'bot/actions'] },
  { room: 'fixtures', may: ['*'] },
  { room: 'config.ts', may: [] },
  { room: 'server.ts', may: ['*'] },
  { room: 'sidekick.ts', may: ['*'] },
]
/** Types may come from anywhere but from these. */
const neverTypes = [
  { room: 'bot', from: ['jobs', 'sidebar', 'fixtures'] },
  { room: 'models', from: ['jobs', 'sidebar', 'fixtures'] },
  { room: 'jobs', from: ['sidebar', 'fixtures'] },
  { room: 'sidebar/app', from: ['bot', 'models', 'jobs', 'fixtures', 'sidebar/server'] },
  { room: 'sidebar', from: ['fixtures'] },
]

const inside = (path, room) => path === room || path.startsWith(`${room}/`)
const roomOf = path => rooms.find(({ room }) => inside(path, room))
const isTest = path => path.endsWith('.test.ts')

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* sources(path)
    else if (/\.tsx?$/.test(entry.name)) yield path
  }
}

function* all() {
  for (const folder of roots) {
    try {
      yield* sources(join(root, folder))
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
  }
  for (const file of ['config.ts', 'server.ts', 'sidekick.ts']) yield join(root, file)
}

const statement =
  /^\s*(import|export)\s+(type\s+)?(?:[^'";]*?\s+from\s+)?'(\.{1,2}\/[^']+)'|import\(\s*'(\.{1,2}\/[^']+)'\s*\)/gm
const problems = []

for (const file of all()) {
  const path = relative(root, file)
  const text = readFileSync(file, 'utf8')
  const own = roomOf(path)
  for (const [, , typeOnly, fixed, lazy] of text.matchAll(statement)) {
    const target = relative(root, resolve(dirname(file), fixed ?? lazy))
    const theirs = roomOf(target)
    if (own === undefined || theirs === undefined || own === theirs || isTest(path)) continue
    if (typeOnly) {
      const never = neverTypes.find(({ room }) => inside(path, room))
      if (never?.from.some(room => inside(target, room)))
        problems.push(`${path} may not name types of ${target}`)
      continue
    }
    const may = [...own.may, ...(own.also?.[path] ?? [])]
    const allowed = may.some(room => room === '*' || inside(target, room))
    if (!allowed) problems.push(`${path} may not import ${target}`)
    else if (inside(target, 'fixtures') && path !== 'server.ts' && own.room !== 'fixtures') {
      problems.push(`${path} may not import ${target}: only tests and the demo do`)
    }
  }
  if (isTest(path) && !inside(path, 'models/embedded') && /embedded/i.test(text)) {
    problems.push(`${path} names the embedded database: tests run on whichever database there is`)
  }
  if (/\bprocess\.env\b/.test(text) && path !== 'config.ts' && !inside(path, 'fixtures') && !isTest(path)) {
    problems.push(`${path} reads the environment: only config.ts does`)
  }
}

/** Packages that few need, and not at once: the start takes neither the time nor the memory. */
const late = ['sharp', 'pinyin-pro', 'yaml']
const loaded = /^\s*(?:import|export)\s+(?!type\s)(?:[^'";]*?\s+from\s+)?'([^']+)'/gm
const reached = new Set([join(root, 'server.ts')])
for (const file of reached) {
  for (const [, target] of readFileSync(file, 'utf8').matchAll(loaded)) {
    if (target.startsWith('.')) reached.add(resolve(dirname(file), target))
    else if (late.includes(target))
      problems.push(`${relative(root, file)} loads ${target} at every start: use import() where it is wanted`)
  }
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log('imports go the right way')

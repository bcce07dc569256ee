import { describe, expect, it } from 'vitest'
import { handlerDocument } from './schema.ts'

const document = {
  schemaVersion: 1,
  key: 'welcome',
  title: '欢迎',
  trigger: { event: 'customer.added' },
  steps: [{ id: 'hello', action: 'reply' }],
}
const refusedPaths = (over: object): string[] =>
  handlerDocument.safeParse({ ...document, ...over }).error?.issues.map(issue => issue.path.join('.')) ?? []

describe('a handler document', () => {
  it('runs for everybody, at the usual priority, and lets later handlers go on unless it says otherwise', () => {
    expect(handlerDocument.parse(document)).toMatchObject({
      enabled: true,
      scope: { departments: [], staff: [], except: [] },
      trigger: { event: 'customer.added', match: {} },
      priority: 1000,
      after: 'continue',
      steps: [{ with: {}, onError: 'stop' }],
    })
  })

  it.each(['Welcome', '欢迎', 'a b', '-a', '', 'a'.repeat(65)])('refuses the key %j', key => {
    expect(refusedPaths({ key })).toEqual(['key'])
  })

  it.each<[string, object]>([
    ['a field that does not exist', { triggers: [] }],
    ['another schema version', { schemaVersion: 2 }],
    ['no step', { steps: [] }],
    ['31 steps', { steps: Array.from({ length: 31 }, (_, i) => ({ id: `s${i}`, action: 'reply' })) }],
    ['a step named __proto__', { steps: [{ id: '__proto__', action: 'reply' }] }],
    ['a priority below 0', { priority: -1 }],
    ['a priority that is text', { priority: '10' }],
    ['a retry without end', { steps: [{ id: 'a', action: 'reply', retry: { max: 11 } }] }],
  ])('refuses %s', (_what, over) => {
    expect(handlerDocument.safeParse({ ...document, ...over }).success).toBe(false)
  })
})

describe('a trigger', () => {
  it.each([
    { event: 'customer.added', match: { state: { prefix: 'fair-' }, half: { eq: true } } },
    { event: 'directory.create_user' },
    { event: 'unknown' },
    { command: '客户', aliases: ['kh', '?'] },
    { message: { contains: ['退款'] } },
  ])('is accepted: %j', trigger => {
    expect(refusedPaths({ trigger })).toEqual([])
  })

  it.each([
    { event: 'customer.add' },
    { event: 'constructor' },
    { event: 'directory.__proto__.x' },
    { event: 'customer.added', match: { state: 'fair' } },
    { event: 'customer.added', match: { state: { regex: '.*' } } },
    { event: 'customer.added', match: { state: { in: [] } } },
    { event: 'customer.added', command: '客户' },
    { command: '查 客户' },
    { command: '查　客户' },
    { command: '客户', args: [{ name: '__proto__', title: '名字', type: 'word' }] },
    { command: '客户', args: [{ name: 'a', title: '名字', type: 'date' }] },
    { command: '客户', roles: ['owner'] },
    { message: { contains: [] } },
    { message: { contains: [''] } },
    {},
  ])('is refused: %j', trigger => {
    expect(refusedPaths({ trigger })[0]).toMatch(/^trigger/)
  })
})

describe('a condition of a document', () => {
  const leaf = { path: 'follow.tags', is: 'contains', value: 'VIP' }

  it('is a tree of all, any and not', () => {
    expect(refusedPaths({ when: { all: [leaf, { any: [{ not: leaf }] }] } })).toEqual([])
  })

  it.each([
    { all: [] },
    { not: [leaf] },
    { ...leaf, is: 'matches' },
    { ...leaf, path: 'follow..tags' },
    { ...leaf, path: '__proto__.x' },
    { ...leaf, path: 'follow.tags | size' },
    { ...leaf, not: leaf },
    'true',
  ])('is refused: %j', when => {
    expect(refusedPaths({ when })[0]).toMatch(/^when/)
  })
})

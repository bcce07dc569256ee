import { describe, expect, it } from 'vitest'
import type { HandlerScope } from './schema.ts'
import { explainScope, isInScope, type Whereabouts } from './scope.ts'

/** Her department, and the root above it. */
const lina: Whereabouts = {
  facts: { staff: { userid: 'LiNa' } },
  departments: new Set(['27', '1']),
  roles: new Set(['staff']),
  appId: '1000002',
}
const scoped = (scope: Partial<HandlerScope>) => ({
  scope: { departments: [], staff: [], roles: [], apps: [], except: [], ...scope },
})
const covers = (scope: Partial<HandlerScope>, around: Partial<Whereabouts> = {}) =>
  isInScope(scoped(scope), { ...lina, ...around })
const named = (userid: string): Partial<Whereabouts> => ({ facts: { staff: { userid } } })

describe('the scope of a handler', () => {
  it('is everybody where it names nobody', () => {
    expect(covers({})).toBe(true)
  })

  it('covers a department with those below it, and members in any letter case', () => {
    expect(covers({ departments: ['1'] })).toBe(true)
    expect(covers({ departments: ['2'] })).toBe(false)
    expect(covers({ staff: ['lina'] })).toBe(true)
    expect(covers({ staff: ['lina2'] })).toBe(false)
  })

  it('covers who is in either list', () => {
    expect(covers({ departments: ['2'], staff: ['LINA'] })).toBe(true)
  })

  it('is narrowed by roles, of which an admin who leads has two', () => {
    expect(covers({ departments: ['1'], roles: ['lead'] })).toBe(false)
    expect(covers({ departments: ['1'], roles: ['lead', 'staff'] })).toBe(true)
    expect(covers({ roles: ['lead'] }, { roles: new Set(['admin', 'lead']) })).toBe(true)
    expect(covers({ departments: ['2'], roles: ['staff'] })).toBe(false)
  })

  it('is narrowed by apps, and holds then nothing that came to none', () => {
    expect(covers({ apps: ['1000002'] })).toBe(true)
    expect(covers({ apps: ['1000003'] })).toBe(false)
    const { appId: _, ...nowhere } = lina
    expect(isInScope(scoped({ apps: ['1000002'] }), nowhere)).toBe(false)
  })

  it('never covers whom it excepts, by name, department, role or app', () => {
    expect(covers({ except: ['LINA'] })).toBe(false)
    expect(covers({ staff: ['lina'], except: ['1'] })).toBe(false)
    expect(covers({ staff: ['lina'], except: ['role:staff'] })).toBe(false)
    expect(covers({ staff: ['lina'], except: ['app:1000002'] })).toBe(false)
    expect(covers({ departments: ['27'], except: ['2', 'role:lead', 'app:1000003'] })).toBe(true)
  })

  it('takes a number for a userid or a department by the list that it stands in', () => {
    expect(covers({ staff: ['1'] })).toBe(false)
    expect(covers({ departments: ['2'] }, named('2'))).toBe(false)
  })

  it('of somebody in particular holds nothing that is about nobody', () => {
    const nobody = { ...named(''), departments: new Set<string>() }
    expect(covers({}, nobody)).toBe(true)
    expect(covers({ staff: ['lina'] }, nobody)).toBe(false)
  })
})

describe('an event outside of a scope', () => {
  it.each<[Partial<HandlerScope>, string]>([
    [{ except: ['zhouming', 'lina', '27'] }, 'except lina, 27'],
    [{ apps: ['1000003'], roles: ['lead'] }, 'apps 1000003 (was 1000002)'],
    [{ roles: ['admin', 'lead'] }, 'roles admin, lead (was staff)'],
    [
      { departments: ['2', '3'], staff: ['wangfang'] },
      'departments 2, 3 or staff wangfang (was LiNa of 27, 1)',
    ],
    [{ staff: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }, 'staff a, b, c, d, e and 2 more (was LiNa of 27, 1)'],
  ])('is told why: %j', (scope, expected) => {
    expect(explainScope(scoped(scope), lina)).toBe(expected)
  })

  it('has no reason where it is within', () => {
    expect(explainScope(scoped({ departments: ['27'] }), lina)).toBeUndefined()
  })
})

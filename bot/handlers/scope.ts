import type { CompiledHandler } from './compile.ts'
import type { HandlerRole } from './schema.ts'

/** Whom an event is about, as far as scopes ask. */
export interface Whereabouts {
  facts: { staff: { userid: string } }
  /** The member's departments and all above them. */
  departments: ReadonlySet<string>
  /** An admin who leads a department is both. */
  roles: ReadonlySet<HandlerRole>
  /** The app that the event came to, where it names one. */
  appId?: string
}

/** Is this staff member's event within the handler's scope? Departments include those below them. */
export function isInScope({ scope }: Pick<CompiledHandler, 'scope'>, around: Whereabouts): boolean {
  const { departments, staff, roles, apps, except } = scope
  if (except.length > 0 && except.some(one => isExcepted(one, around))) return false
  if (apps.length > 0 && !apps.includes(around.appId ?? '')) return false
  if (roles.length > 0 && !roles.some(role => around.roles.has(role))) return false
  if (departments.length === 0 && staff.length === 0) return true
  return departments.some(one => around.departments.has(one)) || staff.some(one => isStaff(one, around))
}

/**
 * Why an event is outside of a handler's scope, such as `roles lead (was staff)`.
 *
 * @returns undefined where it is within
 */
export function explainScope(
  { scope }: Pick<CompiledHandler, 'scope'>,
  around: Whereabouts,
): string | undefined {
  if (isInScope({ scope }, around)) return undefined
  const { departments, staff, roles, apps, except } = scope
  const denied = except.filter(one => isExcepted(one, around))
  if (denied.length > 0) return `except ${list(denied)}`
  if (apps.length > 0 && !apps.includes(around.appId ?? ''))
    return `apps ${list(apps)} (was ${around.appId ?? 'none'})`
  if (roles.length > 0 && !roles.some(role => around.roles.has(role)))
    return `roles ${list(roles)} (was ${list([...around.roles])})`
  const { userid } = around.facts.staff
  const wanted = [
    ...(departments.length > 0 ? [`departments ${list(departments)}`] : []),
    ...(staff.length > 0 ? [`staff ${list(staff)}`] : []),
  ].join(' or ')
  return `${wanted} (was ${userid || 'nobody'} of ${list([...around.departments])})`
}

/** A denial names a userid, a department, `role:lead` or `app:1000002`. */
function isExcepted(one: string, around: Whereabouts): boolean {
  if (one.startsWith('role:')) return around.roles.has(one.slice('role:'.length) as HandlerRole)
  if (one.startsWith('app:')) return around.appId === one.slice('app:'.length)
  return around.departments.has(one) || isStaff(one, around)
}

function isStaff(one: string, { facts }: Whereabouts): boolean {
  return one.toLowerCase() === facts.staff.userid.toLowerCase()
}

const listedMax = 5

function list(values: readonly string[]): string {
  if (values.length === 0) return 'none'
  const rest = values.length - listedMax
  return values.slice(0, listedMax).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

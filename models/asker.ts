import type { Directory } from './directory.ts'
import type { Asker } from './scope.ts'
import type { Staff } from './staff.ts'
import { useridKey } from './userid.ts'

/** The installation's admins, who are those of one corp. */
export interface Admins {
  corpId: string
  userids: readonly string[]
}

/** Who asks: role and departments led of a staff member, by the row that is held of them, where one is. */
export async function askerOf(
  deps: { directory: Directory; admins: Admins },
  corpId: string,
  userid: string,
  staff: Staff | null,
): Promise<Asker> {
  const { admins, directory } = deps
  const named = admins.userids.some(admin => useridKey(admin) === useridKey(userid))
  const led = staff?.leads ?? []
  const role = named && corpId === admins.corpId ? 'admin' : led.length > 0 ? 'lead' : 'staff'
  return { corpId, userid, role, leads: await directory.below(corpId, led) }
}

import type { Context } from 'koa'
import { z } from 'zod'
import { type Admins, askerOf } from '../../models/asker.ts'
import type { Directory } from '../../models/directory.ts'
import type { Models } from '../../models/models.ts'
import type { Asker } from '../../models/scope.ts'
import type { Staff } from '../../models/staff.ts'
import { useridKey } from '../../models/userid.ts'
import { setCookie } from './cookies.ts'
import { createSigner } from './signed.ts'

/** Who is logged in, and what they may see. */
export interface Who {
  asker: Asker
  userid: string
  name: string
}

export interface Sessions {
  start(context: Context, userid: string): void
  /** Ends the session, and with it every other one of the same person that began before. */
  end(context: Context): Promise<void>
  /** Undefined without a session, or with one that was changed, has expired, or belongs to somebody who has left. */
  read(context: Context): Promise<Who | undefined>
}

const lifeMs = 12 * 60 * 60 * 1000

/** Times are unix milliseconds. */
const content = z.strictObject({
  corpId: z.string(),
  userid: z.string(),
  issuedAt: z.number(),
  expiresAt: z.number(),
})

/** Sessions in a signed cookie, 12 hours long; whether the person is still here is asked at each request. */
export function createSessions(deps: {
  corpId: string
  models: Models
  directory: Directory
  admins: Admins
  origin: string
  sessionSecret: string
  now(): Date
}): Sessions {
  const { corpId, models } = deps
  const secure = deps.origin.startsWith('https:')
  const name = secure ? '__Host-sidekick' : 'sidekick'
  const signer = createSigner(deps.sessionSecret, 'session')

  /** What the cookie says, where it is ours and still good. */
  function opened(context: Context): z.infer<typeof content> | undefined {
    const text = context.cookies.get(name, { signed: false })
    const session = text === undefined ? undefined : content.safeParse(signer.open(text)).data
    if (session === undefined || session.corpId !== corpId) return undefined
    return session.expiresAt > deps.now().getTime() ? session : undefined
  }

  return {
    start(context, userid) {
      const issuedAt = deps.now().getTime()
      const value = signer.sign({ corpId, userid, issuedAt, expiresAt: issuedAt + lifeMs })
      setCookie(context, name, value, { secure, path: '/', maxAgeMs: lifeMs })
    },
    async end(context) {
      const session = opened(context)
      setCookie(context, name, null, { secure, path: '/' })
      if (session === undefined) return
      const since = { $or: [{ sessionsFrom: null }, { sessionsFrom: { $lte: new Date(session.issuedAt) } }] }
      await models.staff.updateOne(
        // A session that has ended already ends no other.
        { corpId, useridKey: useridKey(session.userid), ...since },
        { $set: { sessionsFrom: deps.now() } },
      )
    },
    async read(context) {
      const session = opened(context)
      if (session === undefined) return undefined
      const { userid, issuedAt } = session
      const staff = await models.staff.findOne({ corpId, useridKey: useridKey(userid) }).lean()
      if (!isPresent(staff) || (staff?.sessionsFrom?.getTime() ?? 0) > issuedAt) return undefined
      return { asker: await askerOf(deps, corpId, userid, staff), userid, name: staff?.name ?? userid }
    },
  }
}

/** Neither removed, disabled nor gone. Whoever has not been synced is here by the platform's word. */
export function isPresent(staff: Staff | null): boolean {
  return staff === null || (staff.removedAt === undefined && staff.status !== 2 && staff.status !== 5)
}

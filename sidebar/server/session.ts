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
  end(context: Context): void
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
  return {
    start(context, userid) {
      const issuedAt = deps.now().getTime()
      const value = signer.sign({ corpId, userid, issuedAt, expiresAt: issuedAt + lifeMs })
      setCookie(context, name, value, { secure, path: '/', maxAgeMs: lifeMs })
    },
    end(context) {
      setCookie(context, name, null, { secure, path: '/' })
    },
    async read(context) {
      const text = context.cookies.get(name, { signed: false })
      const session = text === undefined ? undefined : content.safeParse(signer.open(text)).data
      if (session === undefined || session.corpId !== corpId) return undefined
      if (session.expiresAt <= deps.now().getTime()) return undefined
      const { userid } = session
      const staff = await models.staff.findOne({ corpId, useridKey: useridKey(userid) }).lean()
      if (!isPresent(staff)) return undefined
      return { asker: await askerOf(deps, corpId, userid, staff), userid, name: staff?.name ?? userid }
    },
  }
}

/** Neither removed, disabled nor gone. Whoever has not been synced is here by the platform's word. */
export function isPresent(staff: Staff | null): boolean {
  return staff === null || (staff.removedAt === undefined && staff.status !== 2 && staff.status !== 5)
}

import type Router from '@koa/router'
import type { RouterContext } from '@koa/router'
import { z } from 'zod'
import { useridKey } from '../../models/userid.ts'
import { staffHeader } from '../api.ts'
import type { SidebarDeps } from './deps.ts'
import { assertSameOrigin, checked, readJson } from './guards.ts'
import { Refused } from './refusals.ts'
import type { Sessions, Who } from './session.ts'

/** An id of the platform, or a key of ours. */
const id = z.string().regex(/^[\w-]{1,64}$/)

/** One request of somebody who is logged in. */
export interface Call {
  context: RouterContext
  who: Who
  /** A part of the path. @throws Refused `bad_request` unless it has the form of an id */
  id(name: string): string
  /** @throws Refused `bad_request` or `too_large` */
  body<S extends z.ZodType>(schema: S): Promise<z.output<S>>
  /** @throws Refused `bad_request` */
  query<S extends z.ZodType>(schema: S): z.output<S>
}

/** Routes of the API: the answer is JSON, unless the handler has answered itself with something else. */
export interface Api {
  get(path: string, handle: (call: Call) => Promise<object | undefined>): void
  /** Only for pages of our own origin. */
  post(path: string, handle: (call: Call) => Promise<object>): void
}

export function createApi(router: Router, deps: SidebarDeps, sessions: Sessions): Api {
  async function answer(
    context: RouterContext,
    handle: (call: Call) => Promise<object | undefined>,
  ): Promise<void> {
    const who = await sessions.read(context)
    if (who === undefined || isForAnother(context, who)) throw new Refused('not_logged_in')
    const body = await handle({
      context,
      who,
      id: name => checked(id, context.params[name]),
      body: schema => readJson(context, schema),
      query: schema => checked(schema, { ...context.query }),
    })
    if (body !== undefined) context.body = body
  }
  return {
    get: (path, handle) => void router.get(`/sidebar/api/${path}`, context => answer(context, handle)),
    post: (path, handle) =>
      void router.post(`/sidebar/api/${path}`, context => {
        assertSameOrigin(deps.origin, context)
        return answer(context, handle)
      }),
  }
}

/** The page was made for somebody else than the one who is logged in by now. */
function isForAnother(context: RouterContext, who: Who): boolean {
  const made = context.get(staffHeader)
  return made !== '' && useridKey(made) !== useridKey(who.userid)
}

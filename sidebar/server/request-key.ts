import { z } from 'zod'
import { useridKey } from '../../models/userid.ts'
import type { Who } from './session.ts'

/** Of a request that changes something: sent again, it is done once. */
export const requestKey = z.string().regex(/^[\w-]{8,64}$/)

/** As it is stored: nobody's request can pass for somebody else's. */
export function keyOf(who: Who, key: string): string {
  return `sidebar/${useridKey(who.userid)}/${key}`
}

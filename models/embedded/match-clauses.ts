import type { Document } from 'bson'
import type { Visit } from './match-path.ts'

/** Where a match notes the array position it went through; the last note counts. */
export interface Notes {
  position: number | undefined
}

/** The values a clause looks at: all on a path of a document, or a single array element. */
export type Subject = (leaves: boolean, visit: Visit) => boolean

/** A condition on the values of a subject. */
export type Clause = (subject: Subject, notes: Notes | undefined) => boolean

/** A condition on a document. */
export type Test = (document: Document, notes: Notes | undefined) => boolean

/** All conditions hold, each for a value of its own. */
export function allOf(clauses: Clause[]): Clause {
  if (clauses.length === 1) return clauses[0] as Clause
  return (subject, notes) => clauses.every(clause => clause(subject, notes))
}

/**
 * A value of the subject passes a test.
 *
 * @param leaves whether the elements of an array at the end of the path are values too
 */
export function someValue(test: (value: unknown) => boolean, leaves: boolean): Clause {
  return (subject, notes) =>
    subject(leaves, (value, position) => {
      if (!test(value)) return false
      if (notes !== undefined && position !== undefined) notes.position = position
      return true
    })
}

/** A condition does not hold; nothing is noted then. */
export const not =
  (clause: Clause): Clause =>
  subject =>
    !clause(subject, undefined)

import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { setField } from './update-path.ts'
import { fieldsOf, isDocument } from './values.ts'

/** What happens to one field: kept, left out, or computed from what is there (`undefined` leaves it out). */
export type FieldRule = 'keep' | 'drop' | ((value: unknown, root: Document, position?: number) => unknown)

/** Rules by path: a node has either a rule or rules for the fields below. */
export interface FieldTree {
  fields: Map<string, FieldTree>
  rule?: FieldRule
  /** A rule that looks at the old value takes effect at its place, others after the fields that were there. */
  inPlace?: boolean
}

/** A tree without rules. */
export const emptyTree = (): FieldTree => ({ fields: new Map() })

/**
 * Adds a rule for a path.
 *
 * @throws code 31249 or 31250 when another rule is for the same path or for one below or above
 */
export function addRule(tree: FieldTree, path: string, rule: FieldRule, inPlace = false): void {
  const parts = path.split('.')
  let node = tree
  for (const [i, part] of parts.entries()) {
    if (part === '') throw mongoError(40353, 'FieldPath field names may not be empty strings.')
    if (node.rule !== undefined) {
      throw mongoError(31249, `Path collision at ${path} remaining portion ${parts.slice(i).join('.')}`)
    }
    const next = node.fields.get(part) ?? emptyTree()
    node.fields.set(part, next)
    node = next
  }
  if (node.rule !== undefined || node.fields.size > 0) throw mongoError(31250, `Path collision at ${path}`)
  node.rule = rule
  node.inPlace = inPlace
}

/**
 * Applies rules to a document.
 *
 * @param others whether fields without a rule are kept
 */
export function applyTree(tree: FieldTree, root: Document, others: boolean, position?: number): Document {
  return documentBy(tree, root, { root, others, position })
}

interface Frame {
  root: Document
  others: boolean
  position: number | undefined
}

function documentBy(tree: FieldTree, document: Document, frame: Frame): Document {
  const result: Document = {}
  const source = fieldsOf(document)
  for (const name of Object.keys(source)) {
    const node = tree.fields.get(name)
    if (node === undefined) {
      if (frame.others) setField(result, name, source[name])
      continue
    }
    const value = fieldBy(node, source[name], frame)
    if (value !== undefined) setField(result, name, value)
  }
  for (const [name, node] of tree.fields) {
    if (Object.hasOwn(source, name) && (node.rule === undefined || node.inPlace || frame.others)) continue
    if (node.rule === 'keep' || node.rule === 'drop' || !computes(node)) continue
    const value = computed(node, source[name], frame)
    if (value !== undefined) setField(result, name, value)
  }
  return result
}

function computes(node: FieldTree): boolean {
  if (typeof node.rule === 'function') return true
  return [...node.fields.values()].some(computes)
}

/** What becomes of a field that is there, at its place among the others. */
function fieldBy(node: FieldTree, value: unknown, frame: Frame): unknown {
  if (node.rule === 'keep') return value
  if (node.rule === 'drop') return undefined
  if (node.rule !== undefined) return node.inPlace || frame.others ? computed(node, value, frame) : undefined
  return below(node, value, frame)
}

function below(node: FieldTree, value: unknown, frame: Frame): unknown {
  if (isDocument(value)) return documentBy(node, value, frame)
  if (Array.isArray(value)) {
    const items = value.map(item => below(node, item, frame))
    return items.filter(item => item !== undefined)
  }
  if (computes(node)) return documentBy(node, {}, frame)
  return frame.others ? value : undefined
}

function computed(node: FieldTree, value: unknown, frame: Frame): unknown {
  if (typeof node.rule === 'function') return node.rule(value, frame.root, frame.position)
  const result = documentBy(node, {}, frame)
  return Object.keys(result).length > 0 || node.fields.size > 0 ? result : undefined
}

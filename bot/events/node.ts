/** A decrypted message as a tree of text: WeCom's own element names, values exactly as they came. */
export interface WireNode {
  [element: string]: WireValue | WireValue[]
}
export type WireValue = string | WireNode

class Fields implements WireNode {
  [element: string]: WireValue | WireValue[]
}
// No element may be taken for what objects have by themselves. `Object.create(null)` does the same, and makes slow objects.
Reflect.deleteProperty(Fields.prototype, 'constructor')
Object.setPrototypeOf(Fields.prototype, null)

/** A node without fields; it inherits nothing. */
export function newNode(): WireNode {
  return new Fields()
}

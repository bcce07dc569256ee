import { compileValue, type Filled, TemplateError } from '../../bot/handlers/references.ts'
import type { Material } from '../../models/material.ts'
import type { Script } from '../../models/script.ts'
import type { MaterialView, ScriptPart, ScriptView } from '../api.ts'
import { texts } from './texts.ts'

/** Who speaks, and to whom; an empty name is nobody in particular. */
export interface Names {
  customer: string
  staff: string
}

/** The script as it would be sent; it keeps the places of its parts. */
export function fillScript(
  script: Script,
  names: Names,
  materials: ReadonlyMap<string, Material>,
): ScriptView {
  const { key, category, title } = script
  const filled = fillTexts(script, names)
  const parts = script.parts.map((part, index): ScriptPart => {
    if (part.material === undefined) return { text: filled[index] ?? '' }
    const material = materials.get(part.material)
    return material === undefined || !isSendable(material)
      ? { text: texts.materialRemoved }
      : { material: materialView(material) }
  })
  return { key, category, title, parts }
}

/** Compiled once for as long as the script stays in memory. */
const compiled = new WeakMap<Script, readonly Pick<Filled, 'fill'>[]>()

/** The texts of a script's parts with the names put in; empty where the part is a material. */
export function fillTexts(script: Script, names: Names): string[] {
  const parts = compiled.get(script) ?? script.parts.map(part => compile(part.text ?? ''))
  compiled.set(script, parts)
  const facts = { customer: { name: names.customer }, staff: { name: names.staff } }
  const texts = parts.map(part => String(part.fill(facts) ?? ''))
  // Where nobody is called by name, `{{ customer.name }}，…` must not begin with what followed the name.
  return names.customer === '' ? texts.map(text => text.replace(/^[\s，,、：:！!]+/, '')) : texts
}

/** A script that is no valid template, or fails while it is filled, is still worth sending as it stands. */
function compile(text: string): Pick<Filled, 'fill'> {
  try {
    const { fill } = compileValue(text)
    return { fill: facts => orAsItStands(() => fill(facts)) }
  } catch (error) {
    if (error instanceof TemplateError) return { fill: () => text }
    throw error
  }

  function orAsItStands(fill: () => unknown): unknown {
    try {
      return fill()
    } catch {
      // Whatever it is, it is the script's own: filling does nothing but this.
      return text
    }
  }
}

/**
 * What can be sent into a chat from here. A mini-program's cover would need an address that the client may read, and the
 * client sends no voice.
 */
export type SendableMaterial = Material & { kind: MaterialView['kind'] }
const sendable: readonly Material['kind'][] = [
  'text',
  'image',
  'link',
  'video',
  'file',
] satisfies MaterialView['kind'][]

export function isSendable(material: Material): material is SendableMaterial {
  return sendable.includes(material.kind)
}

export function materialView(material: SendableMaterial): MaterialView {
  const { key, category, title, kind, description = '', text = '', url = '', file } = material
  const drawn = file !== undefined && (kind === 'image' || kind === 'link')
  const thumb = !drawn ? null : `/sidebar/api/files/${file}/thumb`
  return { key, category, title, kind, description, thumb, text, url }
}

import { z } from 'zod'
import { alwaysSaid, isTemplate } from '../handlers/references.ts'
import { cutBytes } from '../wecom/xml.ts'

/**
 * What a schema checks: parameters as a document writes them, templates and all, or the same once they are filled in.
 * Only what stands there literally can be too long in a document; what a template brings is cut, or refused, later.
 */
export type Stage = 'document' | 'filled'

/** What is built once for each stage: several actions have the same part, and those of a card are many. */
export function perStage<T>(build: (stage: Stage) => T): (stage: Stage) => T {
  const built = new Map<Stage, T>()
  return stage => {
    const part = built.get(stage) ?? build(stage)
    built.set(stage, part)
    return part
  }
}

/** What happens to a text that a template has made too long: the platform cuts it, or refuses the whole message. */
export type Beyond = 'cut' | 'refused'

/** Numbers and truth values that a template brings are written out. */
function written(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
}

/** A text that is not empty, of at most so many bytes of UTF-8: a Chinese character has three. */
export function textWithin(bytes: number, stage: Stage, beyond: Beyond = 'cut'): z.ZodType<string> {
  const given = z.string().trim().min(1, 'is empty')
  if (stage === 'filled' && beyond === 'cut')
    return z.preprocess(
      written,
      given.transform(text => cutBytes(text, bytes)),
    )
  const checked = given.superRefine((text, context) => {
    const length = Buffer.byteLength(stage === 'filled' ? text : alwaysSaid(text).trim())
    // Said of a template too: its own words are there already.
    if (length > bytes)
      context.addIssue({ code: 'custom', message: tooLong(length, bytes), params: { words: true } })
  })
  return stage === 'filled' ? z.preprocess(written, checked) : checked
}

function tooLong(length: number, bytes: number): string {
  return `has ${length} bytes; at most ${bytes} fit, and a Chinese character takes 3`
}

/** A text of any length, for what goes out in several parts. */
export function anyText(stage: Stage): z.ZodType<string> {
  return textWithin(Number.MAX_SAFE_INTEGER, stage)
}

/** An address with its scheme, of at most so many bytes. */
export function addressWithin(bytes: number, stage: Stage): z.ZodType<string> {
  return textWithin(bytes, stage, 'refused').refine(
    text => (stage === 'document' && isTemplate(text)) || /^[a-z][a-z0-9+.-]*:\/\//i.test(text),
    'is no address with its scheme, such as https://example.com/a',
  )
}

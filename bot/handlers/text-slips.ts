import type { Problem } from './compile.ts'
import type { KnownFacts } from './known-facts.ts'
import { otherPlaceholders } from './other-placeholders.ts'
import { slipsOf, textsOf } from './references.ts'
import type { HandlerDocument } from './schema.ts'
import { type Partly, unsound } from './sound.ts'

/**
 * What the texts of steps say that nobody means: placeholders of other tools, and what LiquidJS leaves out or says as it
 * stands. Looked at where a document is published, and not where it runs: one that is live goes on.
 */
export function textSlips({ trigger, steps }: Pick<Partly<HandlerDocument>, 'trigger' | 'steps'>): Problem[] {
  if (steps === unsound) return []
  const known: KnownFacts = { trigger, steps: new Map(), later: new Set() }
  return steps.flatMap((step, index) => {
    if (step === unsound || step.with === unsound) return []
    return textsOf(step.with, `steps.${index}.with`).flatMap(({ at, text }) =>
      [...otherPlaceholders(text, known), ...slipsOf(text)].map(message => ({ path: at, message })),
    )
  })
}

import { z } from 'zod'
import { ActionRefused, defineAction } from './define.ts'
import { findScripts } from './find-scripts.ts'
import { fillPlaceholders } from './script-text.ts'
import { texts } from './texts.ts'

/** Further hits are named, so that the next search can be exact. */
const named = 5

/** Finds talk scripts by word, pinyin or initials, and shows the best one whole. */
export const scriptFind = defineAction({
  id: 'script.find',
  title: '找话术',
  summary: 'Finds talk scripts by word, pinyin or initials; the best one whole.',
  output: z.object({
    found: z.array(z.string()).describe('Keys of the scripts, the best first'),
    text: z.string().describe('The best one whole, and the titles of further ones'),
  }),
  effect: 'read',
  idempotent: true,
  params: z.strictObject({
    query: z.string().trim().min(1).max(200).describe('Words, pinyin or initials'),
  }),
  async run(context, { query }) {
    const { corpId } = context.corp
    const found = await findScripts(context.models, corpId, query)
    const [best, ...others] = found
    if (best === undefined) throw new ActionRefused('script_unknown', texts.scriptUnknown(query))
    const keys = best.parts.flatMap(part => part.material ?? [])
    const materials =
      keys.length === 0
        ? []
        : await context.models.materials.find({ corpId, key: { $in: keys } }, { key: 1, title: 1 }).lean()
    const parts = best.parts.map(part =>
      part.text === undefined
        ? `［素材：${materials.find(one => one.key === part.material)?.title ?? part.material}］`
        : fillPlaceholders(part.text, context.facts.staff.name),
    )
    const text = [
      `【${best.title}】`,
      ...parts,
      ...(others.length > 0
        ? [
            '',
            `还有 ${others.length} 条：${others
              .slice(0, named)
              .map(one => one.title)
              .join('、')}`,
          ]
        : []),
    ].join('\n')
    return { found: found.map(one => one.key), text }
  },
})

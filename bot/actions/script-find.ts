import { z } from 'zod'
import type { Script } from '../../models/script.ts'
import { ActionRefused, defineAction } from './define.ts'
import { fillPlaceholders } from './script-text.ts'
import { shorten, texts } from './texts.ts'

/** Further hits are named, so that the next search can be exact. */
const named = 5

/** Finds talk scripts by word, pinyin or initials, and shows the best one whole. */
export const scriptFind = defineAction({
  id: 'script.find',
  title: '找话术',
  effect: 'read',
  idempotent: true,
  params: z.strictObject({ query: z.string().trim().min(1).max(200) }),
  async run(context, { query }) {
    const { corpId } = context.corp
    const words = query.normalize('NFKC').toLowerCase().split(/\s+/)
    const patterns = words.map(word => ({ search: new RegExp(word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) }))
    const found = await context.models.scripts.find({ corpId, $and: patterns }).lean()
    found.sort((a, b) => rank(a, query) - rank(b, query) || a.order - b.order)
    const [best, ...others] = found
    if (best === undefined) throw new ActionRefused('script_unknown', texts.scriptUnknown(query))
    const materials = await context.models.materials
      .find({ corpId, key: { $in: best.parts.flatMap(part => part.material ?? []) } }, { key: 1, title: 1 })
      .lean()
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

/** The title before keywords, the beginning before the middle. */
function rank(script: Script, query: string): number {
  const title = script.title.toLowerCase()
  const wanted = query.toLowerCase()
  if (title === wanted) return 0
  if (title.startsWith(wanted)) return 1
  if (title.includes(wanted)) return 2
  if (script.keywords.some(keyword => keyword.toLowerCase() === wanted)) return 3
  return script.keywords.some(keyword => keyword.toLowerCase().includes(shorten(wanted))) ? 4 : 5
}

import { z } from 'zod'
import { findMaterials, findScripts } from '../../bot/actions/find-scripts.ts'
import type { Material } from '../../models/material.ts'
import type { Models } from '../../models/models.ts'
import { type CategoryView, limits, type MaterialPage, type ScriptPage } from '../api.ts'
import type { Api } from './call.ts'
import { openCustomer } from './customer-access.ts'
import type { SidebarDeps } from './deps.ts'
import { Refused } from './refusals.ts'
import { fillScript, isSendable, materialView } from './script-views.ts'
import type { Who } from './session.ts'
import { createThumbs } from './thumbs.ts'

const pageSize = 30

const materialQuery = z.strictObject({
  q: z.string().max(limits.search).default(''),
  category: z.string().max(64).default(''),
  cursor: z
    .string()
    .regex(/^\d{0,6}$/)
    .default('')
    .transform(Number),
})
const scriptQuery = materialQuery.extend({ externalUserid: z.string().max(64).default('') })
const digest = z.string().regex(/^[0-9a-f]{64}$/)

/** Talk scripts and materials, to look for and to send. */
export function addLibraryRoutes(api: Api, deps: SidebarDeps): void {
  const { models, corpId } = deps
  const thumbs = createThumbs(models)

  api.get('scripts', async ({ who, query }): Promise<ScriptPage> => {
    const { externalUserid, ...wanted } = query(scriptQuery)
    const [found, customer] = await Promise.all([
      findScripts(models, corpId, wanted.q),
      externalUserid === '' ? '' : nickname(models, who, externalUserid),
    ])
    const { page, ...rest } = await paged(models, corpId, 'script', found, wanted)
    const materials = await materialsOf(
      models,
      corpId,
      page.flatMap(script => script.parts),
    )
    const names = { customer, staff: who.name }
    return { ...rest, scripts: page.map(script => fillScript(script, names, materials)) }
  })
  api.get('materials', async ({ query }): Promise<MaterialPage> => {
    const wanted = query(materialQuery)
    const found = (await findMaterials(models, corpId, wanted.q)).filter(isSendable)
    const { page, ...rest } = await paged(models, corpId, 'material', found, wanted)
    return { ...rest, materials: page.map(materialView) }
  })
  api.get('files/:sha256/thumb', async ({ context }) => {
    const sha256 = digest.safeParse(context.params.sha256).data
    const thumb = sha256 === undefined ? undefined : await thumbs(corpId, sha256)
    if (thumb === undefined) throw new Refused('not_found')
    context.set('Cache-Control', 'private, max-age=31536000, immutable')
    context.type = 'image/webp'
    context.body = thumb
    return undefined
  })
}

/** What the customer is called in a script; nothing for one whom the asker may not see. */
export async function nickname(models: Models, who: Who, externalUserid: string): Promise<string> {
  try {
    return (await openCustomer(models, who, externalUserid)).follow.customerName
  } catch (error) {
    // The scripts are there for a customer who is not synced yet, too.
    if (error instanceof Refused) return ''
    throw error
  }
}

/** The materials that parts of scripts name, by key. */
export async function materialsOf(
  models: Models,
  corpId: string,
  parts: readonly { material?: string }[],
): Promise<Map<string, Material>> {
  const keys = new Set(parts.flatMap(part => part.material ?? []))
  if (keys.size === 0) return new Map()
  const all = await findMaterials(models, corpId, '')
  return new Map(all.filter(one => keys.has(one.key)).map(one => [one.key, one]))
}

async function paged<T extends { category: string }>(
  models: Models,
  corpId: string,
  kind: 'script' | 'material',
  found: readonly T[],
  wanted: { category: string; cursor: number },
): Promise<{ categories: CategoryView[]; total: number; page: T[]; next: string | null }> {
  const counts = new Map<string, number>()
  for (const { category } of found) counts.set(category, (counts.get(category) ?? 0) + 1)
  const shelves = await models.categories.find({ corpId, kind }).sort({ order: 1 }).lean()
  const fitting = wanted.category === '' ? found : found.filter(one => one.category === wanted.category)
  const end = wanted.cursor + pageSize
  return {
    categories: shelves.map(({ key, name }) => ({ key, name, count: counts.get(key) ?? 0 })),
    total: fitting.length,
    page: fitting.slice(wanted.cursor, end),
    next: end < fitting.length ? String(end) : null,
  }
}

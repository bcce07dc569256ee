import type { Material } from '../../models/material.ts'
import { WecomError } from '../wecom/errors.ts'
import type { MediaType } from '../wecom/wire/message.ts'
import { type ActionContext, ActionRefused } from './define.ts'
import { freshMedia, uploadMedia } from './media.ts'
import type { MediaOf } from './message-body.ts'

const kindNames = { image: '图片', voice: '语音', video: '视频', file: '文件' } as const satisfies Record<
  MediaType,
  string
>

/** The platform no longer has the file, whatever we hold of it. */
const lost: ReadonlySet<number> = new Set([40007, 40145])

/** @throws ActionRefused when there is no such material, or it is of another kind */
export async function materialOf(context: ActionContext, key: string, kind: MediaType): Promise<Material> {
  const { corpId } = context.corp
  const material = await context.models.materials.findOne({ corpId, key }).lean()
  if (material === null) throw new ActionRefused('material_unknown', `没有叫“${key}”的素材，请检查处理器。`)
  if ((material.kind as string) !== kind)
    throw new ActionRefused('material_kind', `素材“${key}”不是${kindNames[kind]}，请检查处理器。`)
  return material
}

/**
 * Sends what names materials: with the platform's copies that we hold, which were uploaded ahead, and once more with new
 * ones where it has lost them.
 */
export async function withMedia<T>(context: ActionContext, send: (media: MediaOf) => Promise<T>): Promise<T> {
  const media =
    (anew: boolean): MediaOf =>
    async (key, kind) => {
      const material = await materialOf(context, key, kind)
      const held = anew ? undefined : freshMedia(material, context.clock.now())
      return held ?? uploadMedia(context.models, context.client, material)
    }
  try {
    return await send(media(false))
  } catch (error) {
    // Refused whole: nobody has got anything of it.
    if (!(error instanceof WecomError && lost.has(error.errcode))) throw error
    return send(media(true))
  }
}

/** For a preview: looks whether the material is there, and names it instead of a copy. */
export function namedMedia(context: ActionContext): MediaOf {
  return async (key, kind) => {
    await materialOf(context, key, kind)
    return `material:${key}`
  }
}

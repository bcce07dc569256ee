import type { Models } from '../../models/models.ts'

/** How wide a thumbnail is at most, in pixels. */
const width = 240

/**
 * Gives the thumbnail of a stored picture, as WebP: made when it is first asked for, then kept with the file.
 *
 * @returns undefined when there is no such file, or it is no picture
 */
export function createThumbs(
  models: Models,
): (corpId: string, sha256: string) => Promise<Buffer | undefined> {
  const making = new Map<string, Promise<Buffer | undefined>>()

  async function make(corpId: string, sha256: string): Promise<Buffer | undefined> {
    const file = await models.files.findOne({ corpId, sha256 })
    if (file === null || !file.contentType.startsWith('image/')) return undefined
    // Takes as long to load as a twentieth of the start, and 15 MB, and is wanted once for each picture.
    const { default: sharp } = await import('sharp')
    const thumb = await sharp(file.bytes)
      .rotate()
      .resize({ width, withoutEnlargement: true })
      .webp()
      .toBuffer()
    await models.files.updateOne({ corpId, sha256 }, { $set: { thumb } })
    return thumb
  }

  return async (corpId, sha256) => {
    const kept = await models.files.findOne({ corpId, sha256 }, { thumb: 1 })
    if (kept === null || kept.thumb !== undefined) return kept?.thumb
    const key = `${corpId}:${sha256}`
    const running = making.get(key) ?? make(corpId, sha256).finally(() => making.delete(key))
    making.set(key, running)
    return running
  }
}

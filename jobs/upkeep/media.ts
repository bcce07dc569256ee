import { uploadedKinds, uploadMedia, uploadThumbnail } from '../../bot/actions/media.ts'
import type { AppClient } from '../../bot/wecom/client.ts'
import type { Models } from '../../models/models.ts'
import { storedError } from '../errors.ts'

/** What ends within this time is uploaded again, in milliseconds. */
const renewBeforeMs = 24 * 3_600_000

/** Some materials could not be uploaded; the others were. */
export class MediaRefreshError extends Error {
  readonly code = 'media_not_refreshed'
  constructor(failures: readonly { key: string; error: unknown }[]) {
    const named = failures.map(({ key, error }) => `${key}: ${storedError(error).message}`)
    super(`${failures.length} materials could not be uploaded: ${named.slice(0, 5).join('; ')}`, {
      cause: failures[0]?.error,
    })
    this.name = 'MediaRefreshError'
  }
}

/**
 * Uploads the file of every material whose copy on the platform is missing or ends within 24 hours (`path/90253`), so
 * that no welcome has to upload anything within its 20 seconds; a link's thumbnail once, because it stays.
 *
 * @returns how many were uploaded.
 * @throws MediaRefreshError once all have been tried.
 */
export async function refreshMedia(
  deps: { models: Models; client: AppClient; signal: AbortSignal; report(percent: number): Promise<void> },
  corpId: string,
): Promise<number> {
  const { models, client, signal, report } = deps
  const soon = new Date(Date.now() + renewBeforeMs)
  const due = await models.materials
    .find({
      corpId,
      file: { $exists: true },
      $or: [
        { kind: { $in: uploadedKinds }, 'media.expiresAt': null },
        { kind: { $in: uploadedKinds }, 'media.expiresAt': { $lte: soon } },
        { kind: 'link', pictureUrl: null },
      ],
    })
    .sort({ key: 1 })
    .lean()
  const failures: { key: string; error: unknown }[] = []
  for (const [index, material] of due.entries()) {
    await report(Math.floor((index / due.length) * 100))
    signal.throwIfAborted()
    try {
      if (material.kind === 'link') await uploadThumbnail(models, client, material)
      else await uploadMedia(models, client, material)
    } catch (error) {
      signal.throwIfAborted()
      failures.push({ key: material.key, error })
    }
  }
  if (failures.length > 0) throw new MediaRefreshError(failures)
  return due.length
}

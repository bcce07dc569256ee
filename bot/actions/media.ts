import type { Material, UploadedMedia } from '../../models/material.ts'
import type { Models } from '../../models/models.ts'
import type { AppClient } from '../wecom/client.ts'

/** A material names a file that is not stored. */
export class MissingFileError extends Error {
  readonly code = 'file_missing'
  constructor(material: string) {
    super(`the file of material ${material} is not stored`)
    this.name = 'MissingFileError'
  }
}

const threeDaysMs = 3 * 24 * 60 * 60 * 1000
/** A media id that is about to run out is not handed out any more. */
const marginMs = 5 * 60 * 1000

/** The media id is no change of what the material says. */
const unchanged = { timestamps: false }

const uploading = new WeakMap<AppClient, Map<string, Promise<UploadedMedia>>>()

/** The platform's copy of the material's file, where it still lives for a while. */
export function freshMedia(material: Material, now: number): string | undefined {
  const media = material.media
  return media !== undefined && media.expiresAt.getTime() - marginMs > now ? media.mediaId : undefined
}

/**
 * Uploads the material's file (`path/90253`) and keeps the media id with the material. Calls for one material at the
 * same time share one upload.
 *
 * @throws MissingFileError, or what the platform answers
 */
export async function uploadMedia(models: Models, client: AppClient, material: Material): Promise<string> {
  const running = uploading.get(client) ?? new Map<string, Promise<UploadedMedia>>()
  uploading.set(client, running)
  const key = `${material.corpId}:${material.key}`
  const upload = running.get(key) ?? uploadOnce(models, client, material).finally(() => running.delete(key))
  running.set(key, upload)
  return (await upload).mediaId
}

async function uploadOnce(models: Models, client: AppClient, material: Material): Promise<UploadedMedia> {
  const { corpId, key, file: sha256 } = material
  const file = sha256 === undefined ? null : await models.files.findOne({ corpId, sha256 })
  if (file === null) throw new MissingFileError(key)
  const { media_id, created_at } = await client.upload('image', {
    filename: material.fileName ?? key,
    bytes: file.bytes,
    contentType: file.contentType,
  })
  const media = { mediaId: media_id, expiresAt: new Date(Number(created_at) * 1000 + threeDaysMs) }
  // Not when the material was given another file in the meantime.
  await models.materials.updateOne({ corpId, key, file: file.sha256 }, { $set: { media } }, unchanged)
  return media
}

import type { Material, MaterialKind, UploadedMedia } from '../../models/material.ts'
import type { Models } from '../../models/models.ts'
import type { AppClient } from '../wecom/client.ts'
import type { Upload } from '../wecom/pipeline.ts'
import type { MediaType } from '../wecom/wire/message.ts'

/** A material names a file that is not stored. */
export class MissingFileError extends Error {
  readonly code = 'file_missing'
  constructor(material: string) {
    super(`the file of material ${material} is not stored`)
    this.name = 'MissingFileError'
  }
}

/** As what the platform takes the file of a material; a link's thumbnail is a picture that stays instead. */
const mediaTypes = {
  image: 'image',
  miniprogram: 'image',
  video: 'video',
  file: 'file',
  voice: 'voice',
} as const satisfies Partial<Record<MaterialKind, MediaType>>

/** Kinds whose file is uploaded ahead, and again before its three days end. */
export const uploadedKinds = Object.keys(mediaTypes) as (keyof typeof mediaTypes)[]

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
 * @throws MissingFileError, MediaRefusedError where it is larger than its kind may be, or what the platform answers
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
  const { corpId, key, file } = material
  const type = mediaTypes[material.kind as keyof typeof mediaTypes]
  const { media_id, created_at } = await client.upload(type, await fileOf(models, material))
  const media = { mediaId: media_id, expiresAt: new Date(Number(created_at) * 1000 + threeDaysMs) }
  // Not when the material was given another file in the meantime.
  await models.materials.updateOne({ corpId, key, file: file ?? null }, { $set: { media } }, unchanged)
  return media
}

/**
 * Uploads a link's thumbnail (`path/90256`), once: its address stays.
 *
 * @throws as `uploadMedia`
 */
export async function uploadThumbnail(models: Models, client: AppClient, material: Material): Promise<void> {
  const { corpId, key, file } = material
  const { url } = await client.uploadPicture(await fileOf(models, material))
  await models.materials.updateOne(
    { corpId, key, file: file ?? null },
    { $set: { pictureUrl: url } },
    unchanged,
  )
}

/** The bytes of a material, as uploads take them. @throws MissingFileError */
export async function fileOf(
  models: Models,
  { corpId, key, file: sha256, fileName }: Material,
): Promise<Upload> {
  const file = sha256 === undefined ? null : await models.files.findOne({ corpId, sha256 })
  if (file === null) throw new MissingFileError(key)
  return { filename: fileName ?? key, bytes: file.bytes, contentType: file.contentType }
}

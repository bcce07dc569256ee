import { randomBytes } from 'node:crypto'
import type { Upload } from './pipeline.ts'
import type { MediaType } from './wire/message.ts'

const MIB = 1024 * 1024

/** What the platform accepts as temporary media, in bytes (`path/90253`); every file has more than 5. */
export const MEDIA_LIMITS = {
  image: { bytes: 10 * MIB, accepts: 'JPG 或 PNG' },
  voice: { bytes: 2 * MIB, accepts: 'AMR，不超过 60 秒' },
  video: { bytes: 10 * MIB, accepts: 'MP4' },
  file: { bytes: 20 * MIB, accepts: '任意文件' },
} as const satisfies Record<MediaType, { bytes: number; accepts: string }>

/** A picture that stays: JPG or PNG, in bytes (`path/90256`). */
const PICTURE_BYTES = 2 * MIB

const MORE_THAN_BYTES = 5

/** A file that the platform would refuse; nothing was sent. */
export class MediaRefusedError extends Error {
  override readonly name = 'MediaRefusedError'
  readonly code = 'media_refused'
}

/** @throws MediaRefusedError when the size is out of the limits of its type, or the file has no name */
export function assertUpload(type: MediaType, file: Upload): void {
  assertFile(type, MEDIA_LIMITS[type].bytes, file)
}

/** The same for a picture that stays. */
export function assertPicture(file: Upload): void {
  assertFile('picture', PICTURE_BYTES, file)
}

function assertFile(type: string, limit: number, { bytes, filename }: Upload): void {
  if (filename === '') throw new MediaRefusedError('a file needs a name: it is what people see')
  if (bytes.length > MORE_THAN_BYTES && bytes.length <= limit) return
  throw new MediaRefusedError(
    `${type} files have ${MORE_THAN_BYTES + 1} to ${limit} bytes; this one has ${bytes.length}`,
  )
}

/** The form with the one field `media`, as the platform documents it; names travel as UTF-8. */
export function mediaForm({ filename, bytes, contentType }: Upload): { contentType: string; body: Buffer } {
  const boundary = `media-${randomBytes(18).toString('hex')}`
  const name = filename.replace(/[\r\n"]/g, character => encodeURIComponent(character))
  const head = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="media"; filename="${name}"; filelength=${bytes.length}`,
    `Content-Type: ${contentType.replace(/[\r\n]/g, '')}`,
    '',
    '',
  ].join('\r\n')
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)])
  return { contentType: `multipart/form-data; boundary=${boundary}`, body }
}

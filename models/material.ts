import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** The platform's copy of a file, which lives three days (`path/90253`). */
export interface UploadedMedia {
  mediaId: string
  expiresAt: Date
}

/**
 * What a material is. A `voice` goes to staff only; the platform takes none in a welcome or a chat with a customer.
 */
export const materialKinds = ['text', 'image', 'link', 'miniprogram', 'video', 'file', 'voice'] as const
export type MaterialKind = (typeof materialKinds)[number]

/** 素材: something that can be sent to a customer. */
export interface Material {
  corpId: string
  key: string
  category: string
  title: string
  kind: MaterialKind
  description?: string
  text?: string
  url?: string
  /** Of a mini-program: its id, and the page with its parameters. */
  appid?: string
  page?: string
  /** The file's digest in `files`: the thing itself, a link's thumbnail, or a mini-program's cover. */
  file?: string
  /** What it is called where it arrives. */
  fileName?: string
  /** What it is found by, see bot/actions/search-text.ts. */
  search?: string
  media?: UploadedMedia
  /** Of a link: where the platform shows its thumbnail from, which stays (`path/90256`). */
  pictureUrl?: string
  updatedAt?: Date
}

export const materialSchema = new Schema<Material>(
  {
    corpId: { type: String, required: true },
    key: { type: String, required: true },
    category: { type: String, required: true },
    title: { type: String, required: true },
    kind: { type: String, required: true, enum: materialKinds },
    description: String,
    text: String,
    url: String,
    appid: String,
    page: String,
    file: String,
    fileName: String,
    search: String,
    media: { type: new Schema<UploadedMedia>({ mediaId: String, expiresAt: Date }, { _id: false }) },
    pictureUrl: String,
  },
  { ...plain, timestamps: { createdAt: false, updatedAt: true }, collection: 'materials' },
)
materialSchema.index({ corpId: 1, key: 1 }, { unique: true })
materialSchema.index({ corpId: 1, 'media.expiresAt': 1 })
materialSchema.index({ corpId: 1, updatedAt: -1 })

/** The bytes of a material, at most 10 MB, shared by all instances through the database. */
export interface StoredFile {
  corpId: string
  sha256: string
  contentType: string
  bytes: Buffer
  /** Of a picture: WebP, 240 px wide; made when it is first asked for. */
  thumb?: Buffer
}

export const fileSchema = new Schema<StoredFile>(
  {
    corpId: { type: String, required: true },
    sha256: { type: String, required: true },
    contentType: { type: String, required: true },
    bytes: { type: Buffer, required: true },
    thumb: Buffer,
  },
  { ...plain, collection: 'files' },
)
fileSchema.index({ corpId: 1, sha256: 1 }, { unique: true })

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** What stops an export or an import. The message is for the operator and names file, line or collection. */
export class TransferError extends Error {
  readonly code = 'transfer_failed'
}

/** How far a transfer is. `total` is what the collection is expected to hold; `ended` comes once for each collection. */
export interface TransferProgress {
  step: 'export' | 'verify' | 'import'
  collection: string
  documents: number
  total: number
  ended: boolean
}

export const manifestName = 'manifest.json'
/** Raised whenever an older release could not read an export rightly. */
export const formatVersion = 1

const extendedJson = z.record(z.string(), z.unknown())

const collectionSchema = z.object({
  name: z.string().min(1),
  /** In the folder of the manifest, never outside it. */
  file: z.string().regex(/^[^/\\]+\.jsonl$/),
  documents: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** As `create` and `createIndexes` take them, in canonical Extended JSON. */
  options: extendedJson,
  indexes: z.array(extendedJson),
})

const manifestSchema = z.object({
  format: z.literal(formatVersion),
  database: z.string(),
  takenAt: z.iso.datetime(),
  collections: z.array(collectionSchema),
})

/** What an export holds. It is written last: a folder without it holds no whole export. */
export type Manifest = z.infer<typeof manifestSchema>
export type ExportedCollection = z.infer<typeof collectionSchema>

/** Reads the manifest of an export. @throws TransferError when there is none, or none that this release reads. */
export async function readManifest(folder: string): Promise<Manifest> {
  const found = parse(await readManifestFile(folder))
  const { format } = z.object({ format: z.unknown() }).catch({ format: undefined }).parse(found)
  if (format !== formatVersion)
    throw new TransferError(
      `${manifestName} has the format ${JSON.stringify(format)}; this release reads ${formatVersion}`,
    )
  const { data, error } = manifestSchema.safeParse(found)
  if (error) throw new TransferError(`${manifestName} is damaged: ${z.prettifyError(error)}`)
  return data
}

async function readManifestFile(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, manifestName), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new TransferError(`${folder} holds no ${manifestName}: it is no export, or one that was cut short`)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new TransferError(`${manifestName} is damaged: ${(cause as Error).message}`, { cause })
  }
}

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isHandlerFile, readHandlerFile } from '../../bot/handlers/read-file.ts'

/** A file of a folder of exports that has handlers which are not stored, or cannot be read. */
export interface LeftFile {
  file: string
  keys: string[]
  /** Why it cannot be read. */
  fault?: string
}

/**
 * The files of a folder that an export leaves as they are, though an import of the folder would bring back what they have.
 *
 * @param stored keys of the corp's handlers
 */
export async function leftFiles(
  folder: string,
  written: readonly string[],
  stored: ReadonlySet<string>,
): Promise<LeftFile[]> {
  const files = (await readdir(folder)).filter(isHandlerFile).map(name => join(folder, name))
  const left: LeftFile[] = []
  for (const file of files.filter(one => !written.includes(one)).sort()) {
    const sources = await readHandlerFile(file)
    const keys = sources.flatMap(({ document }) =>
      typeof document?.key === 'string' && !stored.has(document.key) ? [document.key] : [],
    )
    const fault = sources.find(source => source.fault !== undefined)?.fault?.message
    if (fault !== undefined) left.push({ file, keys, fault })
    else if (keys.length > 0) left.push({ file, keys })
  }
  return left
}

/** @returns what to know of it */
export function leftNote({ file, keys, fault }: LeftFile): string {
  const [are, them] = keys.length === 1 ? ['is', 'it'] : ['are', 'them']
  return (
    fault ??
    `${file} has ${keys.join(', ')}, which ${are} not stored: importing the folder brings ${them} back`
  )
}

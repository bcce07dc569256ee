import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HandlerFileError, isHandlerFile, readHandlerFile } from '../../bot/handlers/read-file.ts'

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
    try {
      const keys = (await readHandlerFile(file)).flatMap(({ document: { key } }) =>
        typeof key === 'string' && !stored.has(key) ? [key] : [],
      )
      if (keys.length > 0) left.push({ file, keys })
    } catch (error) {
      if (!(error instanceof HandlerFileError)) throw error
      left.push({ file, keys: [], fault: error.message })
    }
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

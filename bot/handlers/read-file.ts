import { readFile } from 'node:fs/promises'
import { parseAllDocuments } from 'yaml'

/** A file of handler documents that is no YAML, or holds something else. */
export class HandlerFileError extends Error {
  readonly code = 'handler_file'
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'HandlerFileError'
  }
}

/**
 * Reads handler documents: YAML or JSON, one document a file or several between `---`.
 *
 * @throws HandlerFileError naming the file and the line
 */
export async function readHandlerFile(path: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new HandlerFileError(`${path} cannot be read: ${error.message}`, { cause: error })
  })
  const documents = parseAllDocuments(text)
  if (!Array.isArray(documents) || documents.length === 0)
    throw new HandlerFileError(`${path} holds no document`)
  return documents.map((document, index) => {
    const [fault] = document.errors
    if (fault !== undefined) throw new HandlerFileError(`${path}: ${fault.message}`, { cause: fault })
    const value: unknown = document.toJS()
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new HandlerFileError(`${path}: document ${index + 1} is not a handler`)
    }
    return value as Record<string, unknown>
  })
}

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { Context } from 'koa'
import type { Boot } from '../api.ts'

/** The built pages are not there. */
export class MissingPagesError extends Error {
  readonly code = 'pages_missing'
  constructor(folders: readonly string[]) {
    super(`the sidebar's pages are not built (looked in ${folders.join(' and ')}); run: npm run build`)
    this.name = 'MissingPagesError'
  }
}

interface Asset {
  type: string
  bytes: Buffer
  /** The smallest first. */
  packed: { encoding: string; bytes: Buffer }[]
}

export interface Pages {
  /** The page with what it is born with. */
  html(boot: Boot): string
  /** What the policy of the page calls the one script that stands in it (CSP hash source). */
  startScript: string
  /** Answers with the asset of this name, if there is one. */
  sendAsset(context: Context, name: string): boolean
}

/** Ends of names, the smallest first, and the content encoding that each stands for. */
const packings = [
  ['.br', 'br'],
  ['.gz', 'gzip'],
] as const

/** Reads the built pages once; no address ever reaches the file system. @throws MissingPagesError */
export function loadPages(): Pages {
  const folder = findFolder()
  const assets = readAssets(join(folder, 'assets'))
  const index = readFileSync(join(folder, 'index.html'), 'utf8')
  const start = /<script id="start">([\s\S]*?)<\/script>/.exec(index)?.[1] ?? ''
  return {
    startScript: `'sha256-${createHash('sha256').update(start).digest('base64')}'`,
    html: boot => {
      const json = JSON.stringify(boot).replaceAll('<', '\\u003c')
      // As a function, because `$` means something in a text to put in.
      return index.replace('id="boot">', found => `${found}${json}`)
    },
    sendAsset(context, name) {
      const asset = assets.get(name)
      if (asset === undefined) return false
      const packed = asset.packed.find(({ encoding }) => context.acceptsEncodings(encoding) === encoding)
      context.set('Cache-Control', 'public, max-age=31536000, immutable')
      context.vary('Accept-Encoding')
      context.type = asset.type
      if (packed !== undefined) context.set('Content-Encoding', packed.encoding)
      context.body = (packed ?? asset).bytes
      return true
    },
  }
}

/** Beside the compiled server, or below the sources' root. */
function findFolder(): string {
  const folders = ['../../pages/sidebar', '../../dist/pages/sidebar'].map(path =>
    join(import.meta.dirname, path),
  )
  const found = folders.find(folder => existsSync(join(folder, 'index.html')))
  if (found === undefined) throw new MissingPagesError(folders)
  return found
}

function readAssets(folder: string): Map<string, Asset> {
  const names = existsSync(folder) ? readdirSync(folder) : []
  const read = (name: string): Buffer => readFileSync(join(folder, name))
  const plain = names.filter(name => !packings.some(([end]) => name.endsWith(end)))
  return new Map(
    plain.map(name => {
      const packed = packings
        .filter(([end]) => names.includes(`${name}${end}`))
        .map(([end, encoding]) => ({ encoding, bytes: read(`${name}${end}`) }))
      return [name, { type: extname(name), bytes: read(name), packed }]
    }),
  )
}

// Builds the pages that a browser loads: the sidebar, and the client of the simulated WeCom. `--watch` goes on doing so.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const root = resolve(import.meta.dirname, '..')

/**
 * `out` is below dist/pages/; `also` are files outside the folder that the page is made from; `start` is a script that goes
 * into the HTML.
 */
const pages = [
  {
    folder: 'sidebar/app',
    out: 'sidebar',
    base: '/sidebar/',
    inputs: ['index.html'],
    also: ['sidebar/api.ts'],
    start: 'start.ts',
  },
  {
    folder: 'fixtures/simulator/client',
    out: 'client',
    base: '/',
    inputs: ['index.html', 'bridge.ts'],
    also: ['sidebar/app/initials.ts'],
  },
]

/**
 * The SDK draws protected data on a canvas and fills that class's prototype when it is loaded, so that no bundler dares
 * leave it out: a seventh of the SDK. None of our pages uses it.
 */
const withoutOpenData = {
  name: 'without-open-data',
  transform(code, id) {
    if (!id.endsWith('@wecom/jssdk/dist/wecom.js')) return
    const fills = /^for ?\(const \S.* of CANVAS_[\s\S]*?^\}$/gm
    if (!fills.test(code)) throw new Error('the SDK has changed: look at withoutOpenData')
    return { code: code.replace(fills, ''), map: null }
  },
}

const watch = process.argv.includes('--watch')

for (const page of pages) {
  const folder = join(root, page.folder)
  if (!existsSync(join(folder, 'index.html'))) continue
  const outDir = join(root, 'dist/pages', page.out)
  const stamp = join(root, 'dist/pages', `${page.out}.stamp`)
  const state = stateOf([folder, ...page.also.map(path => join(root, path))])
  if (!watch && existsSync(stamp) && readFileSync(stamp, 'utf8') === state) continue
  const { build } = await import('vite')
  const common = {
    configFile: false,
    root: folder,
    base: page.base,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    // The readable form of the SDK: of the minified one less can be left out.
    resolve: { alias: { '@wecom/jssdk': join(root, 'node_modules/@wecom/jssdk/dist/wecom.js') } },
  }
  // What the web view of WeCom on an older Android brings along.
  const target = 'chrome87'
  const putStart = {
    name: 'start',
    async transformIndexHtml(html) {
      if (page.start === undefined) return html
      const lib = { entry: join(folder, page.start), formats: ['iife'], name: 'start' }
      const plugins = [withoutOpenData]
      const [{ output }] = await build({ ...common, plugins, build: { target, lib, write: false } })
      const code = output[0].code.trim().replaceAll('</', '<\\/')
      return html.replace('<script id="start"></script>', () => `<script id="start">${code}</script>`)
    },
  }
  await build({
    ...common,
    build: {
      outDir,
      emptyOutDir: true,
      target,
      assetsInlineLimit: 0,
      modulePreload: false,
      ...(watch && { watch: {} }),
      rolldownOptions: {
        input: page.inputs.map(name => join(folder, name)),
        output: {
          // What is needed at once comes in one piece.
          codeSplitting: {
            groups: [{ name: 'main', test: /main\.tsx$/, includeDependenciesRecursively: true }],
          },
          // The bridge has to be found without knowing its digest.
          entryFileNames: chunk => (chunk.name === 'bridge' ? '[name].js' : 'assets/[name]-[hash].js'),
        },
      },
    },
    plugins: [
      putStart,
      { name: 'hints', transformIndexHtml: { order: 'post', handler: putHints } },
      { name: 'compressed', closeBundle: () => compress(outDir) },
    ],
  })
  if (!watch) writeFileSync(stamp, state)
}

/** The browser learns of what it will need before it has read the script in between. */
function putHints(html) {
  const script = /<script type="module"[^>]* src="([^"]+)"><\/script>/.exec(html)?.[1]
  const style = /<link rel="stylesheet"[^>]* href="([^"]+)">/.exec(html)?.[1]
  const hints = [
    script && `<link rel="modulepreload" crossorigin href="${script}" />`,
    style && `<link rel="preload" as="style" crossorigin href="${style}" />`,
  ].filter(Boolean)
  return html.replace('</title>', () => `</title>${hints.join('')}`)
}

/** Changes when a file, this one or the lock file does. */
function stateOf(paths) {
  const files = paths.flatMap(path => (statSync(path).isDirectory() ? filesBelow(path) : [path]))
  const hash = createHash('sha256')
  for (const file of [...files, import.meta.filename, join(root, 'package-lock.json')])
    hash.update(relative(root, file)).update(readFileSync(file))
  return hash.digest('hex')
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.includes('.test.'))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}

/** Lays a `.br` and a `.gz` beside everything that is text, for the server to send. */
function compress(folder) {
  mkdirSync(folder, { recursive: true })
  for (const file of filesBelow(folder).filter(path => /\.(js|css|svg)$/.test(path))) {
    const bytes = readFileSync(file)
    writeFileSync(`${file}.br`, brotliCompressSync(bytes))
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
  }
}

import { createHash } from 'node:crypto'
import type { Context } from 'koa'

const style = `
:root { color-scheme: light dark; font: 15px/1.6 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 24px; box-sizing: border-box; text-align: center; }
main { max-width: 320px; }
h1 { font-size: 18px; margin: 0 0 8px; }
p { margin: 0 0 20px; }
a { display: inline-block; padding: 10px 20px; border-radius: 8px; background: #2f6b4f; color: #fff; text-decoration: none; }
`
const styleDigest = createHash('sha256').update(style).digest('base64')

/** A page that says one thing in words, with one way on. */
export function showNotice(
  context: Context,
  status: number,
  notice: { title: string; text: string; link: { href: string; label: string } },
): void {
  const { title, text, link } = notice
  context.status = status
  context.type = 'text/html; charset=utf-8'
  const policy = String(context.response.get('Content-Security-Policy'))
  context.set(
    'Content-Security-Policy',
    policy.replace("style-src 'self'", `style-src 'sha256-${styleDigest}'`),
  )
  context.body = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${inHtml(title)}</title><style>${style}</style></head><body><main><h1>${inHtml(title)}</h1><p>${inHtml(text)}</p><a href="${inHtml(link.href)}">${inHtml(link.label)}</a></main></body></html>`
}

function inHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

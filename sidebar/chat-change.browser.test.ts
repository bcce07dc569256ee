import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeInChromium } from '../fixtures/browser/describe.ts'
import { logIn } from '../fixtures/browser/log-in.ts'
import { type OpenDemo, openDemo } from '../fixtures/browser/open-demo.ts'
import { fixturesRoot } from '../fixtures/root.ts'
import { freshDatabaseUri } from '../fixtures/test/open-database.ts'

/** What `client-stand-in.js` keeps in the page. */
interface ClientGlobals {
  client: { chat: string; sent: { chat: string; text: string }[]; afterSend(): void }
  dispatchEvent(event: Event): boolean
  document: { body: { textContent: string } }
}

describeInChromium('when the chat changes while the page stays', () => {
  let open: OpenDemo
  let page: Page
  let first: string
  let second: string
  const script = '发送话术：约到店'

  beforeAll(async () => {
    open = await openDemo(freshDatabaseUri())
    const { customers } = await open.control.state()
    const idOf = (name: string) => customers.find(one => one.name === name)?.externalUserid ?? ''
    first = idOf('张三')
    second = idOf('阿紫')
  })
  afterAll(() => open?.close())
  beforeEach(async () => {
    page = await open.window({ viewport: { width: 375, height: 812 } })
    await logIn(page.context(), open.demo, 'lina')
    await page.addInitScript({ content: `globalThis.openChat = ${JSON.stringify(first)}` })
    await page.addInitScript({ path: join(fixturesRoot(), 'browser/client-stand-in.js') })
    await page.goto(`${open.demo.url}/sidebar/`)
    await page.locator(`[data-customer="${first}"]`).waitFor()
    await page.getByRole('tab', { name: '话术' }).click()
    await page.getByRole('button', { name: script }).waitFor()
  })
  afterEach(() => page.context().close())

  const sent = () => page.evaluate(() => (globalThis as unknown as ClientGlobals).client.sent)
  const changeChat = (to: string) =>
    page.evaluate(chat => {
      ;(globalThis as unknown as ClientGlobals).client.chat = chat
    }, to)

  it('the parts that are left go to nobody', async () => {
    await page.evaluate(chat => {
      const { client } = globalThis as unknown as ClientGlobals
      client.afterSend = () => {
        client.chat = chat
      }
    }, second)
    await page.getByRole('button', { name: script }).click()
    await page.getByText('聊天已经切换').waitFor()
    expect((await sent()).map(one => one.chat)).toEqual([first])
    // The page follows the chat, where going on would be wrong.
    await page.locator(`[data-customer="${second}"]`).waitFor({ state: 'attached' })
    expect(await page.getByRole('button', { name: '从这里重试' }).count()).toBe(0)
  })

  it('a tap that comes before the page knows sends nothing', async () => {
    await changeChat(second)
    await page.getByRole('button', { name: script }).click()
    await page.getByText('聊天已经切换').waitFor()
    expect(await sent()).toEqual([])
  })

  it('the page follows, however soon after the last look', async () => {
    const focus = () =>
      page.evaluate(() => void (globalThis as unknown as ClientGlobals).dispatchEvent(new Event('focus')))
    await focus()
    await changeChat(second)
    await focus()
    await page.locator(`[data-customer="${second}"]`).waitFor({ state: 'attached' })
  })

  it('and two taps send once', async () => {
    // Looked for from before on, in the page itself: it goes again after a moment.
    const told = page.waitForFunction(() =>
      (globalThis as unknown as ClientGlobals).document.body.textContent.includes('已发送 3 条'),
    )
    await page.getByRole('button', { name: script }).dblclick()
    await told
    expect(await sent()).toHaveLength(3)
  })
})

import type { Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeInChromium } from '../fixtures/browser/describe.ts'
import { desk } from '../fixtures/browser/desk.ts'
import { type OpenDemo, openDemo } from '../fixtures/browser/open-demo.ts'
import type { Scene } from '../fixtures/browser/scene.ts'
import { views } from '../fixtures/browser/views.ts'
import { freshDatabaseUri } from '../fixtures/test/open-database.ts'

/** The little of a page's elements that is looked at here. */
interface Control {
  dataset: { control?: string }
  outerHTML: string
  tabIndex: number
  focus(): void
  checkVisibility(): boolean
  closest(selector: string): unknown
  getAttribute(name: string): string | null
}
interface PageGlobals {
  document: {
    activeElement: Control | null
    body: Control
    querySelectorAll(selector: string): Iterable<Control>
  }
}

// These two run inside the page.
const numberControls = (): { name: string; byArrows: boolean }[] => {
  const { document } = globalThis as unknown as PageGlobals
  const modal = [...document.querySelectorAll('[role="dialog"], dialog[open]')].length > 0
  const all =
    'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), select:not(:disabled), summary'
  return [...document.querySelectorAll(all)]
    .filter(one => one.checkVisibility() && (!modal || one.closest('[role="dialog"], dialog[open]') !== null))
    .map((one, at) => {
      one.dataset.control = String(at)
      return { name: one.outerHTML.slice(0, 120), byArrows: one.tabIndex < 0 }
    })
}
const focused = (): number => {
  const { document } = globalThis as unknown as PageGlobals
  return Number(document.activeElement?.dataset.control ?? -1)
}

describeInChromium('with the keyboard alone', () => {
  let open: OpenDemo
  beforeAll(async () => {
    open = await openDemo(freshDatabaseUri())
  })
  afterAll(() => open?.close())

  async function play(scene: Scene): Promise<{ page: Page; frame: Frame }> {
    const page = await open.window({ viewport: { width: 375, height: 812 } })
    await scene.play({ open, page })
    const handle = await page.locator('iframe[title="企微助手侧边栏"]').elementHandle()
    const frame = await handle?.contentFrame()
    if (!frame) throw new Error('there is no frame')
    return { page, frame }
  }

  /** Names of the controls that Tab does not come to; `others` is how many stops there may be elsewhere in the window. */
  async function missedByTab(page: Page, frame: Frame, others: number): Promise<string[]> {
    const controls = await frame.evaluate(numberControls)
    expect(controls.length).toBeGreaterThan(3)
    const missed = new Map(controls.map((one, at) => [at, one] as const).filter(([, one]) => !one.byArrows))
    for (let press = 0; press < controls.length + others && missed.size > 0; press += 1) {
      await page.keyboard.press('Tab')
      missed.delete(await frame.evaluate(focused))
    }
    await page.context().close()
    return [...missed.values()].map(one => one.name)
  }

  it.each(views)('$name: Tab reaches every control of the sidebar', async scene => {
    const { page, frame } = await play(scene)
    expect(await missedByTab(page, frame, 30)).toEqual([])
  })

  it.each([desk.bot, ...desk.others])('$name: Tab reaches every control of the client', async scene => {
    const page = await open.window()
    await scene.play({ open, page })
    expect(await missedByTab(page, page.mainFrame(), 60)).toEqual([])
  })

  it('arrows go from tab to tab and through talk scripts, Enter opens one, Esc closes it', async () => {
    const scripts = views.find(scene => scene.name === 'sidebar-scripts')
    if (scripts === undefined) throw new Error('there is no such scene')
    const { page, frame } = await play(scripts)
    await frame.getByRole('tab', { name: '话术' }).focus()
    await page.keyboard.press('ArrowLeft')
    await frame.getByRole('tab', { name: '客户', selected: true }).waitFor()
    await page.keyboard.press('ArrowRight')
    await frame.getByRole('tab', { name: '话术', selected: true }).waitFor()
    await frame.getByRole('searchbox').fill('dingjin')
    await frame.getByText('找到 1 条').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await frame.getByRole('dialog', { name: '订金可以退吗' }).waitFor()
    await page.keyboard.press('Escape')
    await frame.getByRole('dialog').waitFor({ state: 'detached' })
    await page.context().close()
  })
})

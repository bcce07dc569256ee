import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { violationsIn } from '../fixtures/browser/axe.ts'
import { describeInChromium } from '../fixtures/browser/describe.ts'
import { desk } from '../fixtures/browser/desk.ts'
import { type OpenDemo, openDemo } from '../fixtures/browser/open-demo.ts'
import type { Scene } from '../fixtures/browser/scene.ts'
import { states } from '../fixtures/browser/states.ts'
import { views } from '../fixtures/browser/views.ts'
import { freshDatabaseUri } from '../fixtures/test/open-database.ts'

describeInChromium('axe finds nothing', () => {
  let open: OpenDemo
  beforeAll(async () => {
    open = await openDemo(freshDatabaseUri())
  })
  afterAll(() => open?.close())

  async function look(scene: Scene, window: BrowserContextOptions): Promise<void> {
    const page = await open.window({ ...window, reducedMotion: 'reduce' })
    const putBack = await scene.play({ open, page })
    try {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        expect(await violationsIn(page), colorScheme).toEqual([])
      }
    } finally {
      await putBack?.()
      await page.context().close()
    }
  }

  it.each([...views, ...states])('in $name at 375 px, light and dark', scene =>
    look(scene, { viewport: { width: 375, height: 812 } }),
  )

  it.each([desk.client, desk.bot, ...desk.others])('in $name, light and dark', scene => look(scene, {}))
})

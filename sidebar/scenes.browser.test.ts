import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
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

  const inBoth = (scenes: readonly Scene[]) =>
    scenes.flatMap(scene =>
      (['light', 'dark'] as const).map(colorScheme => ({ name: scene.name, scene, colorScheme })),
    )

  async function look(scene: Scene, window: BrowserContextOptions): Promise<void> {
    const page = await open.window(window)
    const putBack = await scene.play({ open, page })
    try {
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html}`))).toEqual([])
    } finally {
      await putBack?.()
      await page.context().close()
    }
  }

  it.each(inBoth([...views, ...states]))('in $name at 375 px, $colorScheme', ({ scene, colorScheme }) =>
    look(scene, { viewport: { width: 375, height: 812 }, colorScheme }),
  )

  it.each(inBoth([desk.client, desk.bot, ...desk.others]))(
    'in $name, $colorScheme',
    ({ scene, colorScheme }) => look(scene, { colorScheme }),
  )
})

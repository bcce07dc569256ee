import { AxeBuilder } from '@axe-core/playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeInChromium } from '../fixtures/browser/describe.ts'
import { type OpenDemo, openDemo } from '../fixtures/browser/open-demo.ts'
import { states, views } from '../fixtures/browser/scenes.ts'
import { freshDatabaseUri } from '../fixtures/test/open-database.ts'

describeInChromium('the sidebar at 375 px, looked at by axe', () => {
  let open: OpenDemo
  beforeAll(async () => {
    open = await openDemo(freshDatabaseUri())
  })
  afterAll(() => open?.close())

  const looks = [...views, ...states].flatMap(scene =>
    (['light', 'dark'] as const).map(colorScheme => ({ name: scene.name, scene, colorScheme })),
  )

  it.each(looks)('$name, $colorScheme', async ({ scene, colorScheme }) => {
    const page = await open.window({ viewport: { width: 375, height: 812 }, colorScheme })
    const putBack = await scene.play({ open, page })
    try {
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html}`))).toEqual([])
    } finally {
      await putBack?.()
      await page.context().close()
    }
  })
})

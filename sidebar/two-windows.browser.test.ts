import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeInChromium } from '../fixtures/browser/describe.ts'
import { type OpenDemo, openDemo } from '../fixtures/browser/open-demo.ts'
import { frameOf } from '../fixtures/browser/scene.ts'
import { freshDatabaseUri } from '../fixtures/test/open-database.ts'

describeInChromium('two windows of one browser', () => {
  let open: OpenDemo
  beforeAll(async () => {
    open = await openDemo(freshDatabaseUri())
  })
  afterAll(() => open?.close())

  it('never write in the name of whoever logged in last', async () => {
    const first = await open.window()
    const second = await first.context().newPage()
    await open.openChat(first, 'lina', /滨江-张三/)
    const note = frameOf(first).getByRole('textbox', { name: '写跟进' })
    await note.fill('李娜写的')
    // 王芳 follows the same customer, and the cookie is hers from here on.
    await open.openChat(second, 'wangfang', /张三/)
    await frameOf(second).getByRole('region', { name: '动态' }).waitFor()
    await frameOf(first).getByRole('button', { name: '记下' }).click()
    await frameOf(first).locator('[data-state="logged_out"]').waitFor()
    await second.reload()
    await frameOf(second).getByRole('region', { name: '动态' }).getByRole('listitem').first().waitFor()
    expect(await frameOf(second).getByText('李娜写的').count()).toBe(0)

    await frameOf(first).getByRole('link', { name: '重新登录' }).click()
    await frameOf(first).getByRole('button', { name: '记下' }).click()
    const written = frameOf(first).getByRole('region', { name: '动态' }).getByRole('listitem').first()
    await written.getByText('李娜写的').waitFor()
    expect(await written.getByText('王芳').count()).toBe(0)
    await first.context().close()
  })
})

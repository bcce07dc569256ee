import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeInChromium } from '../fixtures/browser/describe.ts'
import { type OpenDemo, openDemo } from '../fixtures/browser/open-demo.ts'
import { frameOf } from '../fixtures/browser/scene.ts'
import { freshDatabaseUri } from '../fixtures/test/open-database.ts'

describeInChromium('a client before 3.0.24, which has no getContext and wants config first', () => {
  let open: OpenDemo
  beforeAll(async () => {
    open = await openDemo(freshDatabaseUri())
    await open.control.post('client', { version: '3.0.20' })
  })
  afterAll(() => open?.close())

  it('is asked for the customer, and for the group, all the same', async () => {
    const page = await open.window()
    await open.openChat(page, 'lina', /滨江-张三/)
    await frameOf(page)
      .getByRole('heading', { name: /滨江-张三/ })
      .waitFor()
    await open.openChat(page, 'lina', /滨江业主交流群/)
    await frameOf(page)
      .getByRole('heading', { name: /滨江业主交流群/ })
      .waitFor()
    await page.context().close()
  })

  it('sends what is sent', async () => {
    const page = await open.window()
    await open.openChat(page, 'lina', /滨江-张三/)
    await frameOf(page).getByRole('tab', { name: '话术' }).click()
    await frameOf(page).getByRole('button', { name: '发送话术：刚加好友打招呼' }).click()
    expect((await open.recorded('chat_message')).params).toMatchObject({ userid: 'lina', msgtype: 'text' })
    await page.context().close()
  })
})

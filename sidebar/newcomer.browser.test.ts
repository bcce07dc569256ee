import type { FrameLocator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeInChromium } from '../fixtures/browser/describe.ts'
import { type OpenDemo, openDemo } from '../fixtures/browser/open-demo.ts'
import { freshDatabaseUri } from '../fixtures/test/open-database.ts'

describeInChromium('a newcomer’s two minutes', () => {
  let open: OpenDemo
  let page: Page
  let sidebar: FrameLocator
  let customer: string
  const faults: string[] = []
  /** The number of the last outbox entry before the step. */
  let before = 0

  beforeAll(async () => {
    open = await openDemo(freshDatabaseUri())
    page = await open.window()
    page.on('pageerror', error => faults.push(error.message))
    page.on('console', message => {
      if (message.type() === 'error') faults.push(message.text())
    })
    sidebar = page.frameLocator('iframe[title="企微助手侧边栏"]')
  })
  afterAll(() => open?.close())

  const mark = async () => {
    before = (await open.control.outbox(0)).at(-1)?.n ?? 0
  }
  const tagsHeld = async () => {
    const { customers, tagGroups } = await open.control.state()
    const follow = customers.find(one => one.externalUserid === customer)?.follows[0]
    const all = tagGroups.flatMap(group => group.tags)
    return (follow?.tags ?? []).map(id => all.find(tag => tag.id === id)?.name)
  }

  it('a customer adds 李娜 through the fair’s code, and the welcome with its poster is in the chat', async () => {
    await page.goto(`${open.demo.simulatorUrl}/#lina`)
    await page.getByRole('button', { name: '模拟客户动作' }).click()
    await page.getByLabel('客户昵称').fill('林小满')
    await page.getByLabel('从哪里来').selectOption({ label: '春季家博会展位码' })
    await page.getByRole('button', { name: '客户添加我' }).click()
    const chat = page.getByRole('region', { name: '林小满' })
    await chat.getByText(/林小满您好/).waitFor()
    const poster = chat.locator('img').last()
    await expect
      .poll(() => poster.evaluate(image => (image as unknown as { naturalWidth: number }).naturalWidth))
      .toBeGreaterThan(0)
    expect((await open.recorded('welcome')).answer).toMatchObject({ errcode: 0 })
    const { customers } = await open.control.state()
    customer = customers.find(one => one.name === '林小满')?.externalUserid ?? ''
    await expect.poll(tagsHeld).toContain('春展')
  })

  it('the toolbar beside the chat shows who this is', async () => {
    await sidebar.getByRole('heading', { name: '林小满' }).waitFor()
    await sidebar.getByText('春展').first().waitFor()
  })

  it('a tag is put on with two taps, on the platform too', async () => {
    await mark()
    await sidebar.getByRole('button', { name: '编辑' }).click()
    const sheet = sidebar.getByRole('dialog', { name: '标签' })
    await sheet.getByRole('button', { name: 'VIP' }).click()
    await sheet.getByRole('button', { name: '保存' }).click()
    // What can be undone is shown for some seconds, and for as long as somebody points at it.
    await sidebar.getByRole('button', { name: '撤销' }).hover()
    await sidebar.getByRole('button', { name: '移除标签 VIP' }).waitFor()
    const { params } = await open.recorded('mark_tag', before)
    expect(params).toMatchObject({ userid: 'lina', external_userid: customer })
    expect(await tagsHeld()).toContain('VIP')
  })

  it('and taken off again by undoing', async () => {
    await mark()
    await sidebar.getByRole('button', { name: '撤销' }).click()
    await sidebar.getByRole('button', { name: '移除标签 VIP' }).waitFor({ state: 'detached' })
    const { params } = await open.recorded('mark_tag', before)
    expect(params).toHaveProperty('remove_tag')
    expect(await tagsHeld()).not.toContain('VIP')
  })

  it('a script found by two letters is sent in one tap, with the customer’s name', async () => {
    await mark()
    await sidebar.getByRole('tab', { name: '话术' }).click()
    await sidebar.getByRole('searchbox').fill('dzh')
    await sidebar.getByRole('button', { name: '发送话术：刚加好友打招呼' }).click()
    const { params } = await open.recorded('chat_message', before)
    expect(params).toMatchObject({
      userid: 'lina',
      externalUserid: customer,
      msgtype: 'text',
      text: { content: expect.stringContaining('林小满您好呀，我是木棠家居的李娜') },
    })
    await page
      .getByRole('region', { name: '林小满' })
      .getByText(/林小满您好呀，我是木棠家居的李娜/)
      .waitFor()
  })

  it('a picture is sent in one tap', async () => {
    await mark()
    await sidebar.getByRole('tab', { name: '素材' }).click()
    await sidebar.getByRole('button', { name: /发送素材.云朵三人沙发/ }).click()
    const { params } = await open.recorded('chat_message', before)
    expect(params).toMatchObject({ msgtype: 'image', externalUserid: customer })
  })

  it('a follow-up note is written', async () => {
    await sidebar.getByRole('tab', { name: '客户' }).click()
    await sidebar.getByRole('textbox', { name: '写跟进' }).fill('周六下午带家人来店里看沙发')
    await sidebar.getByRole('button', { name: '记下' }).click()
    await sidebar.getByRole('region', { name: '动态' }).getByText('周六下午带家人来店里看沙发').waitFor()
  })

  it('after a reload everything is still there', async () => {
    await page.reload()
    const chat = page.getByRole('region', { name: '林小满' })
    await chat.getByText(/林小满您好呀，我是木棠家居的李娜/).waitFor()
    const timeline = sidebar.getByRole('region', { name: '动态' })
    for (const text of [
      /周六下午带家人来店里看沙发/,
      /话术《刚加好友打招呼》/,
      /素材《云朵三人沙发》/,
      /-VIP/,
      /\+VIP/,
    ])
      await timeline.getByText(text).first().waitFor()
    expect(await sidebar.getByRole('button', { name: '移除标签 VIP' }).count()).toBe(0)
    expect(await sidebar.getByRole('button', { name: '移除标签 春展' }).count()).toBe(1)
  })

  it('and the console of the browser has stayed clean', () => {
    expect(faults).toEqual([])
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Profile, Stage, TimelineRow } from '../api.ts'
import { platformFailing } from './connection.ts'
import { customerOf } from './customer.ts'
import { stageChange } from './customer-changes.ts'
import { noteOf } from './note.ts'
import { toast } from './toast.ts'

interface Call {
  what: string
  body: { key?: string; text?: string; stage?: string }
  answer(body: unknown, status?: number): void
}

let calls: Call[] = []
let id = ''
let made = 0
const realFetch = globalThis.fetch

/** A server that answers when the test says so. */
beforeEach(() => {
  calls = []
  id = `wm${++made}`
  toast.value = null
  globalThis.fetch = (address, init) =>
    new Promise(resolve => {
      calls.push({
        what: `${init?.method} ${String(address).replace(`/sidebar/api/customers/${id}`, '')}`,
        body: typeof init?.body === 'string' ? JSON.parse(init.body) : {},
        answer: (body, status = 200) => resolve(Response.json(body, { status })),
      })
    })
})

afterEach(() => {
  globalThis.fetch = realFetch
  platformFailing.value = false
})

/** The call after those that were there before, as soon as it is made. */
const call = (index: number): Promise<Call> =>
  vi.waitFor(() => calls[index] ?? Promise.reject(new Error(`no call ${index}`)), 10_000)

const row = (minute: number): TimelineRow => ({
  id: `r${minute}`,
  at: new Date(minute * 60_000).toISOString(),
  kind: 'noted',
  by: '李娜',
  text: '',
})

const profile = (stage: Stage, minutes: number[] = [], timelineNext: string | null = null) =>
  ({
    externalUserid: id,
    name: '张三',
    follow: { stage, remark: '', tags: [] },
    timeline: minutes.map(row),
    timelineNext,
  }) as unknown as Profile

const unavailable = { error: { code: 'platform_unavailable', message: '企业微信没有响应' } }

async function opened(stage: Stage = '待跟进') {
  const customer = customerOf(id)
  const loaded = customer.load()
  ;(await call(0)).answer(profile(stage))
  await loaded
  return customer
}

describe('a customer', () => {
  it('reads again when a read was begun before a write and came after it', async () => {
    const customer = await opened()
    const loaded = customer.load()
    const late = await call(1)
    customer.change(stageChange('已成交', '待跟进'))
    ;(await call(2)).answer(profile('已成交'))
    await vi.waitFor(() => expect(toast.value?.text).toBe('已改为已成交'), 10_000)
    late.answer(profile('待跟进'))
    const again = await call(3)
    expect(customer.profile.value?.follow.stage).toBe('已成交')
    again.answer(profile('已成交'))
    await loaded
    expect(calls).toHaveLength(4)
  })

  it('writes a change only after the note before it was answered', async () => {
    const customer = await opened()
    const noted = customer.note({ key: 'k', text: '聊过了' })
    customer.change(stageChange('已成交', '待跟进'))
    const note = await call(1)
    expect(note.what).toBe('POST /notes')
    expect(customer.profile.value?.follow.stage).toBe('已成交')
    note.answer(profile('待跟进'))
    await noted
    expect(customer.profile.value?.follow.stage).toBe('已成交')
    ;(await call(2)).answer(profile('已成交'))
    await vi.waitFor(() => expect(toast.value?.text).toBe('已改为已成交'), 10_000)
  })

  it('keeps older rows when a write brings a newer first page', async () => {
    const customer = customerOf(id)
    const loaded = customer.load()
    ;(await call(0)).answer(profile('待跟进', [4, 3], '3'))
    await loaded
    const older = customer.older()
    ;(await call(1)).answer({ timeline: [row(2), row(1)], timelineNext: null })
    await older
    const noted = customer.note({ key: 'k', text: '聊过了' })
    ;(await call(2)).answer(profile('待跟进', [5, 4], '4'))
    await noted
    expect(customer.timeline.value.map(one => one.id)).toEqual(['r5', 'r4', 'r3', 'r2', 'r1'])
    expect(customer.hasOlder.value).toBe(false)
  })

  it('tells that WeCom fails until WeCom has answered for any customer', async () => {
    const customer = await opened()
    customer.change(stageChange('已成交', '待跟进'))
    ;(await call(1)).answer(unavailable, 502)
    await vi.waitFor(() => expect(platformFailing.value).toBe(true), 10_000)
    const refreshed = customer.refresh()
    ;(await call(2)).answer(profile('待跟进'))
    await refreshed
    expect(platformFailing.value).toBe(false)
  })
})

describe('a note', () => {
  it('is sent again as it stands by then, and not as it was', async () => {
    await opened()
    const note = noteOf('lina', id)
    note.write('旧文字')
    const saved = note.save()
    ;(await call(1)).answer(unavailable, 502)
    await saved
    note.write('旧文字，加上新的')
    toast.value?.action?.run()
    const second = await call(2)
    expect(second.body.text).toBe('旧文字，加上新的')
    second.answer(profile('待跟进'))
    await vi.waitFor(() => expect(note.draft.value.text).toBe(''), 10_000)
  })

  it('is sent again with the same key as long as it is the same', async () => {
    await opened()
    const note = noteOf('lina', id)
    note.write('聊过了')
    const saved = note.save()
    const first = await call(1)
    first.answer(unavailable, 502)
    await saved
    void note.save()
    expect((await call(2)).body.key).toBe(first.body.key)
  })

  it('keeps what was written while the one before was on its way', async () => {
    await opened()
    const note = noteOf('lina', id)
    note.write('第一段')
    const saved = note.save()
    const first = await call(1)
    note.write('第二段')
    first.answer(profile('待跟进'))
    await saved
    expect(note.draft.value.text).toBe('第二段')
    expect(note.busy.value).toBe(false)
  })

  it('is empty for whoever comes back after it was saved', async () => {
    await opened()
    const note = noteOf('lina', id)
    note.write('第一段')
    const saved = note.save()
    const first = await call(1)
    const seenAgain = noteOf('lina', id)
    expect(seenAgain.busy.value).toBe(true)
    first.answer(profile('待跟进'))
    await saved
    expect(seenAgain.draft.value.text).toBe('')
  })
})

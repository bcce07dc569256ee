import { describe, expect, it } from 'vitest'
import type { ChatMessage } from '../api.ts'
import { sendInOrder } from './send-in-order.ts'

const messages: ChatMessage[] = ['一', '二', '三'].map(content => ({ msgtype: 'text', text: { content } }))

/** A chat that takes its time, refuses part `refuses`, and writes down what happens. */
function chat(refuses = -1) {
  const log: string[] = []
  const told: [number, boolean, string][] = []
  return {
    log,
    told,
    ports: {
      async send(message: ChatMessage) {
        const text = message.msgtype === 'text' ? message.text.content : message.msgtype
        log.push(`${text} begins`)
        await Promise.resolve()
        if (text === ['一', '二', '三'][refuses])
          throw { errMsg: 'sendChatMessage:no permission', errCode: -1 }
        log.push(`${text} sent`)
      },
      async report(part: number, ok: boolean, errMsg: string): Promise<unknown> {
        told.push([part, ok, errMsg])
        return {}
      },
      begins: (part: number) => log.push(`part ${part}`),
    },
  }
}

describe('sendInOrder', () => {
  it('begins a part only when the one before was sent', async () => {
    const { log, told, ports } = chat()
    const result = await sendInOrder(messages, 0, ports)
    expect(log).toEqual([
      'part 0',
      '一 begins',
      '一 sent',
      'part 1',
      '二 begins',
      '二 sent',
      'part 2',
      '三 begins',
      '三 sent',
    ])
    expect(told).toEqual([
      [0, true, ''],
      [1, true, ''],
      [2, true, ''],
    ])
    expect(result.failed).toBeNull()
    expect(await result.unreported).toEqual([])
  })

  it('stops at the part that was refused and says which and why', async () => {
    const { log, told, ports } = chat(1)
    const { failed } = await sendInOrder(messages, 0, ports)
    expect(failed).toMatchObject({ part: 1, error: { trouble: 'no_permission' } })
    expect(log).not.toContain('part 2')
    expect(told.at(-1)).toEqual([1, false, 'sendChatMessage:no permission'])
  })

  it('goes on from a part without sending those before it again', async () => {
    const { log, ports } = chat()
    await sendInOrder(messages, 1, ports)
    expect(log.filter(line => line.endsWith('sent'))).toEqual(['二 sent', '三 sent'])
  })

  it('sends on when the server cannot be told, and names what it does not know', async () => {
    const { log, ports } = chat()
    const { failed, unreported } = await sendInOrder(messages, 0, {
      ...ports,
      report: part => (part === 1 ? Promise.reject(new Error('offline')) : Promise.resolve({})),
    })
    expect(failed).toBeNull()
    expect(log).toContain('三 sent')
    expect(await unreported).toEqual([1])
  })
})

import { describe, expect, it } from 'vitest'
import { decrypt, getSignature } from 'wecom-crypto'
import type { PassiveAnswer } from '../../models/inbox-event.ts'
import { sealReply } from './passive-reply.ts'

const pair = { token: 'QDG6eK', aesKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C' }

/** What the platform finds inside, once the signature holds. */
function opened(answer: PassiveAnswer): string {
  const sealed = sealReply(pair, 'ww1', 'lina', answer)
  const field = (name: string) =>
    new RegExp(`<${name}>(?:<!\\[CDATA\\[)?(.*?)(?:\\]\\]>)?</${name}>`).exec(sealed)?.[1] ?? ''
  const [encrypt, timestamp, nonce] = [field('Encrypt'), field('TimeStamp'), field('Nonce')]
  expect(field('MsgSignature')).toBe(getSignature(pair.token, timestamp, nonce, encrypt))
  const { message, id } = decrypt(pair.aesKey, encrypt)
  expect(id).toBe('ww1')
  return message.replace(/<CreateTime>\d{10}</, '<CreateTime>now<')
}

const header =
  '<xml><ToUserName><![CDATA[lina]]></ToUserName><FromUserName><![CDATA[ww1]]></FromUserName><CreateTime>now</CreateTime>'

describe('an answer in the response', () => {
  it('may be a text', () => {
    expect(opened('你好 ]]>')).toBe(
      `${header}<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好 ]]]]><![CDATA[>]]></Content></xml>`,
    )
  })

  it('may be articles', () => {
    const articles = [{ title: '一', url: 'https://a.example/1' }]
    expect(opened({ articles })).toBe(
      `${header}<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount>` +
        '<Articles><item><Title><![CDATA[一]]></Title><Url><![CDATA[https://a.example/1]]></Url></item></Articles></xml>',
    )
  })

  it('never seals the same in the same way', () => {
    const answer = 'x'
    expect(sealReply(pair, 'ww1', 'lina', answer)).not.toBe(sealReply(pair, 'ww1', 'lina', answer))
  })
})

import { randomBytes } from 'node:crypto'
import type { PassiveAnswer } from '../../models/inbox-event.ts'
import type { CallbackKeyPair } from '../apps.ts'
import { encryptReply } from '../wecom/crypto.ts'
import { type NewsReply, type TextReply, toXml } from '../wecom/xml.ts'

/** What to say, without the header that every answer bears. */
type Said = Pick<TextReply, 'MsgType' | 'Content'> | Pick<NewsReply, 'MsgType' | 'ArticleCount' | 'Articles'>

/**
 * An answer to a staff member as the body of the HTTP response (`path/90241`).
 *
 * @param pair the keys that opened the message
 */
export function sealReply(
  pair: CallbackKeyPair,
  corpId: string,
  userid: string,
  answer: PassiveAnswer,
): string {
  const timestamp = Math.floor(Date.now() / 1000)
  const header = { ToUserName: userid, FromUserName: corpId, CreateTime: timestamp }
  const nonce = randomBytes(8).toString('hex')
  return encryptReply({ ...pair, receiveId: corpId, timestamp, nonce }, toXml({ ...header, ...said(answer) }))
}

function said(answer: PassiveAnswer): Said {
  if (typeof answer === 'string') return { MsgType: 'text', Content: answer }
  const item = answer.articles.map(({ title, description, picurl, url }) => ({
    Title: title,
    ...(description !== undefined && { Description: description }),
    ...(picurl !== undefined && { PicUrl: picurl }),
    Url: url,
  }))
  return { MsgType: 'news', ArticleCount: item.length, Articles: { item } }
}

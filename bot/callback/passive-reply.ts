import { randomBytes } from 'node:crypto'
import type { CallbackKeyPair } from '../apps.ts'
import { encryptReply } from '../wecom/crypto.ts'
import { type NewsReply, type TextReply, toXml } from '../wecom/xml.ts'

/** What to say, without the header that every answer bears. */
export type Answer =
  | Pick<TextReply, 'MsgType' | 'Content'>
  | Pick<NewsReply, 'MsgType' | 'ArticleCount' | 'Articles'>

/**
 * An answer to a staff member as the body of the HTTP response (`path/90241`).
 *
 * @param pair the keys that opened the message
 */
export function sealReply(pair: CallbackKeyPair, corpId: string, userid: string, answer: Answer): string {
  const timestamp = Math.floor(Date.now() / 1000)
  const header = { ToUserName: userid, FromUserName: corpId, CreateTime: timestamp }
  const nonce = randomBytes(8).toString('hex')
  return encryptReply({ ...pair, receiveId: corpId, timestamp, nonce }, toXml({ ...header, ...answer }))
}

import type { WireTemplateCard } from './card.ts'

/** An article of a robot: `title` at most 128 bytes, `description` 512. */
export interface WireRobotArticle {
  title: string
  description?: string
  url: string
  picurl?: string
}

/** What a robot (消息推送) says in its group (`path/99110`): 20 messages a minute. */
export type WireRobotMessage =
  /** At most 2048 bytes; the lists hold userids or mobile numbers, or `@all`. */
  | {
      msgtype: 'text'
      text: { content: string; mentioned_list?: string[]; mentioned_mobile_list?: string[] }
    }
  /** At most 4096 bytes. */
  | { msgtype: 'markdown'; markdown: { content: string } }
  /** At most 4096 bytes; plain text on clients before 4.1.36. */
  | { msgtype: 'markdown_v2'; markdown_v2: { content: string } }
  /** At most 2 MB, JPG or PNG; `md5` of the bytes themselves. */
  | { msgtype: 'image'; image: { base64: string; md5: string } }
  /** 1 to 8 articles. */
  | { msgtype: 'news'; news: { articles: WireRobotArticle[] } }
  /** Uploaded by the same robot. */
  | { msgtype: 'file'; file: { media_id: string } }
  | { msgtype: 'voice'; voice: { media_id: string } }
  /** `text_notice` and `news_notice` only: no click comes back. */
  | { msgtype: 'template_card'; template_card: WireTemplateCard }

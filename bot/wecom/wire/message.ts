import type { WireTemplateCard } from './card.ts'

interface WireRecipients {
  /** Userids joined by `|`, at most 1000, or `@all`. */
  touser?: string
  /** Department ids joined by `|`, at most 100. */
  toparty?: string
  /** Contact tag ids joined by `|`, at most 100. */
  totag?: string
  agentid: number
  enable_id_trans?: 0 | 1
  /** 1: an identical request within the interval is not delivered again. */
  enable_duplicate_check?: 0 | 1
  /** Seconds, 1800 by default, at most 14400. */
  duplicate_check_interval?: number
  /** 1: with a watermark and not to be shared (text, image, video, file, mpnews); 2: within the corp only (mpnews). */
  safe?: 0 | 1 | 2
}

/** An article of an app message: `title` at most 128 bytes, `description` 512, `url` and `picurl` 2048. */
export interface WireArticle {
  title: string
  description?: string
  /** Needed unless `appid` and `pagepath` are there. */
  url?: string
  picurl?: string
  appid?: string
  pagepath?: string
}

/** An article that the platform itself keeps and shows. */
export interface WireKeptArticle {
  title: string
  thumb_media_id: string
  author?: string
  content_source_url?: string
  content: string
  digest?: string
}

/** What an app message says. Texts and markdown hold at most 2048 bytes; text beyond is cut without a word. */
export type WireMessageBody =
  | { msgtype: 'text'; text: { content: string } }
  | { msgtype: 'markdown'; markdown: { content: string } }
  | { msgtype: 'image'; image: { media_id: string } }
  | { msgtype: 'voice'; voice: { media_id: string } }
  | { msgtype: 'video'; video: { media_id: string; title?: string; description?: string } }
  | { msgtype: 'file'; file: { media_id: string } }
  /** `title` at most 128, `description` 512 (count bytes to be safe), `url` 2048 bytes with its scheme. */
  | { msgtype: 'textcard'; textcard: { title: string; description: string; url: string; btntxt?: string } }
  /** 1 to 8 articles. */
  | { msgtype: 'news'; news: { articles: WireArticle[] } }
  /** 1 to 8 articles: `title` at most 128 bytes, `author` 64, `digest` 512, `content` 666 KB of HTML. */
  | { msgtype: 'mpnews'; mpnews: { articles: WireKeptArticle[] } }
  /** Not to `@all`; `title` and `description` 4 to 12 Chinese characters, 10 items. */
  | {
      msgtype: 'miniprogram_notice'
      miniprogram_notice: {
        appid: string
        page?: string
        title: string
        description?: string
        emphasis_first_item?: boolean
        content_item?: { key: string; value: string }[]
      }
    }
  | { msgtype: 'template_card'; template_card: WireTemplateCard }

/**
 * `message/send` (`path/90236`). At least one recipient. What exceeds 30 a minute or 1000 an hour to one member is
 * dropped by the platform without an error.
 */
export type WireMessage = WireRecipients & WireMessageBody

/** Recipients that were not reached, joined by `|`; userids come back in lower case. */
export interface WireMessageResult {
  invaliduser?: string
  invalidparty?: string
  invalidtag?: string
  unlicenseduser?: string
  /** For recalling, within 24 hours. */
  msgid: string
  /** Only for cards that can be clicked: updates the card once, within 72 hours. */
  response_code?: string
}

/** What `media/upload` takes (`path/90253`). */
export type MediaType = 'image' | 'voice' | 'video' | 'file'

/** Types of a menu button that send their `key` to the app (`path/90231`). */
export type WireKeyButton =
  | 'click'
  | 'scancode_push'
  | 'scancode_waitmsg'
  | 'pic_sysphoto'
  | 'pic_photo_or_album'
  | 'pic_weixin'
  | 'location_select'

/** A menu entry: `key` at most 128 bytes, `url` 1024; `name` 16 bytes on the first level, 40 on the second. */
export type WireMenuEntry =
  | { type: WireKeyButton; name: string; key: string }
  | { type: 'view'; name: string; url: string }
  | { type: 'view_miniprogram'; name: string; pagepath: string; appid: string }

/** 1 to 3 on the first level, each an entry or 1 to 5 entries. */
export interface WireMenu {
  button: (WireMenuEntry | { name: string; sub_button: WireMenuEntry[] })[]
}

/** `agent/get` (`path/90227`). */
export interface WireAgent {
  agentid: number
  name: string
  square_logo_url: string
  description: string
  /** Whom the app sees: members, departments and contact tags named directly. */
  allow_userinfos?: { user: { userid: string }[] }
  allow_partys?: { partyid: number[] }
  allow_tags?: { tagid: number[] }
  /** 1: the app is switched off. */
  close: 0 | 1
  redirect_domain: string
  report_location_flag: 0 | 1
  isreportenter: 0 | 1
  home_url: string
}

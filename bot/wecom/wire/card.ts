/** Jump of a card: type 0 none, 1 `url`, 2 `appid` with `pagepath`. */
interface WireJump {
  type?: 0 | 1 | 2
  url?: string
  appid?: string
  pagepath?: string
}

interface WireOption {
  /** At most 128 bytes. */
  id: string
  text: string
}

interface WireSelect {
  question_key: string
  title?: string
  disable?: boolean
  selected_id?: string
  /** 1 to 10. */
  option_list: WireOption[]
}

interface WireCardHead {
  source?: { icon_url?: string; desc?: string; desc_color?: 0 | 1 | 2 | 3 }
  main_title?: { title?: string; desc?: string }
}

interface WireNoticeParts {
  /** 1 to 3 entries; needs a `task_id`. */
  action_menu?: { desc?: string; action_list: { text: string; key: string }[] }
  quote_area?: WireJump & { title?: string; quote_text?: string }
  /** At most 6; type 1 `url`, 2 file `media_id`, 3 member `userid`. */
  horizontal_content_list?: {
    type?: 0 | 1 | 2 | 3
    keyname: string
    value?: string
    url?: string
    media_id?: string
    userid?: string
  }[]
}

type WireTask = {
  /** Unique per app, at most 128 bytes of `0-9A-Za-z_-@`. */
  task_id: string
}

/** A template card (`path/90236`). `key` fields hold at most 1024 bytes. Cards with buttons need a callback URL. */
export type WireTemplateCard =
  | (WireCardHead &
      WireNoticeParts &
      Partial<WireTask> & {
        card_type: 'text_notice'
        emphasis_content?: { title?: string; desc?: string }
        /** Needed unless `main_title.title` is there. */
        sub_title_text?: string
        /** At most 3. */
        jump_list?: (WireJump & { title: string })[]
        card_action: WireJump & { type: 1 | 2 }
      })
  | (WireCardHead &
      WireNoticeParts &
      Partial<WireTask> & {
        card_type: 'news_notice'
        /** One of the two is needed. */
        card_image?: { url: string; aspect_ratio?: number }
        image_text_area?: WireJump & { title?: string; desc?: string; image_url: string }
        /** At most 4. */
        vertical_content_list?: { title: string; desc?: string }[]
        jump_list?: (WireJump & { title: string })[]
        card_action: WireJump & { type: 1 | 2 }
      })
  | (WireCardHead &
      WireNoticeParts &
      WireTask & {
        card_type: 'button_interaction'
        sub_title_text?: string
        card_action?: WireJump
        button_selection?: WireSelect
        /** 1 to 6: type 0 calls back with `key`, 1 opens `url`. */
        button_list: { type?: 0 | 1; text: string; style?: 1 | 2 | 3 | 4; key?: string; url?: string }[]
      })
  | (WireCardHead &
      WireTask & {
        card_type: 'vote_interaction'
        /** `mode` 0 one, 1 several; 1 to 20 options. */
        checkbox: {
          question_key: string
          mode?: 0 | 1
          disable?: boolean
          option_list: (WireOption & { is_checked?: boolean })[]
        }
        submit_button: { text: string; key: string }
      })
  | (WireCardHead &
      WireTask & {
        card_type: 'multiple_interaction'
        /** 1 to 3. */
        select_list: WireSelect[]
        submit_button: { text: string; key: string }
      })

/**
 * `message/update_template_card` (`path/94888`): at most 1000 members, 100 departments, 100 contact tags. Only whoever got
 * the card is updated. Takes the place of the buttons with a word, or of the whole card.
 */
export type WireCardUpdate = {
  userids?: string[]
  partyids?: number[]
  tagids?: number[]
  atall?: 0 | 1
  agentid: number
  response_code: string
} & ({ button: { replace_name: string } } | { template_card: WireTemplateCard; enable_id_trans?: 0 | 1 })

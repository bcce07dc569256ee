import { describe, expect, it } from 'vitest'
import { compileHandler, HandlerInvalid } from '../handlers/compile.ts'
import { actions } from './registry.ts'

/** What publishing says of one step. */
function problemsOf(action: string, params: object): string[] {
  const document = {
    schemaVersion: 1,
    key: 'test',
    title: '试试',
    trigger: { event: 'customer.added' },
    steps: [{ id: 'one', action, with: params }],
  }
  try {
    compileHandler(document, 1, actions)
    return []
  } catch (error) {
    if (!(error instanceof HandlerInvalid)) throw error
    return error.problems.map(({ path, message }) => `${path.replace('steps.0.with', 'with')} ${message}`)
  }
}

const button = { text: '好', key: '今日' }
const buttons = { card_type: 'button_interaction', main_title: { title: '办好了吗' }, button_list: [button] }
const notice = {
  ...{ card_type: 'text_notice', main_title: { title: '一' } },
  card_action: { url: 'https://a.example/' },
}
const textcard = { title: '报价', description: '已更新', url: 'https://a.example/' }

describe('the content of a message, when it is published', () => {
  it.each([
    ['reply', { text: '好' }],
    ['reply', { markdown: '**好**' }],
    // What a branch holds, or what may be left out, need not be said.
    ['reply', { markdown: `{% if customer.name %}${'长'.repeat(700)}{% endif %}好` }],
    ['reply', { markdown: `{% if customer.name %}{% break %}{% endif %}${'长'.repeat(700)}` }],
    ['reply', { markdown: `${'长'.repeat(682)}\n{%- for tag in follow.tags %}{{ tag }}{% endfor -%}\n` }],
    ['reply', { textcard: { ...textcard, button: '去看看' } }],
    ['reply', { news: [{ title: '一', url: 'https://a.example/', picture: 'https://a.example/1.png' }] }],
    ['reply', { news: [{ title: '一', appid: 'wx1', pagepath: 'pages/a' }] }],
    ['reply', { template_card: buttons }],
    [
      'reply',
      {
        template_card: {
          card_type: 'text_notice',
          sub_title_text: '二',
          card_action: { url: 'https://a.example/' },
        },
      },
    ],
    ['reply', { video: { material: 'tour', title: '看房' } }],
    ['app.send', { to: { users: ['@all'] }, file: 'prices', safe: 1 }],
    [
      'app.send',
      {
        to: { departments: ['name:销售部'], tags: ['3'] },
        mpnews: [{ title: '一', cover: 'sofa', content: '<p>一</p>' }],
        safe: 2,
      },
    ],
    ['app.send', { to: { users: ['lead'] }, text: '$userName=lina$ 好', idTrans: true }],
    ['reply', { textcard: { ...textcard, url: '{{ event.state }}' } }],
    ['robot.send', { robot: '销售群', markdown_v2: '长'.repeat(1_365) }],
    ['robot.send', { robot: '销售群', news: [{ title: '一', url: 'https://a.example/' }] }],
    ['robot.send', { robot: '销售群', template_card: notice }],
    // Whatever the templates bring is cut later.
    ['app.send', { to: { users: ['staff'] }, text: `${'长'.repeat(682)}{{ customer.name }}` }],
    [
      'reply',
      { markdown: `{% if follow.stage %}${'长'.repeat(500)}{% else %}${'短'.repeat(500)}{% endif %}` },
    ],
  ])('fits %s (case %#)', (action, params) => {
    expect(problemsOf(action, params)).toEqual([])
  })

  it.each([
    [
      'reply',
      {},
      'with has none of text, markdown, image, voice, video, file, textcard, news, mpnews, miniprogram_notice, template_card: a message has exactly one content',
    ],
    [
      'reply',
      { text: '好', markdown: '好' },
      'with has text and markdown: a message has exactly one content',
    ],
    ['reply', { text: '  ' }, 'with.text is empty'],
    ['reply', { text: '好', txet: '好' }, 'with.txet is no field here; did you mean text?'],
    [
      'reply',
      { markdown: '长'.repeat(683) },
      'with.markdown has 2049 bytes; at most 2048 fit, and a Chinese character takes 3',
    ],
    [
      'reply',
      { markdown: `{% if customer.name %}${'短'.repeat(700)}{% endif %}${'长'.repeat(683)}{{ staff.name }}` },
      'with.markdown has 2049 bytes; at most 2048 fit, and a Chinese character takes 3',
    ],
    [
      'reply',
      { textcard: { ...textcard, title: '长'.repeat(43) } },
      'with.textcard.title has 129 bytes; at most 128 fit, and a Chinese character takes 3',
    ],
    [
      'reply',
      { textcard: { ...textcard, url: 'a.example' } },
      'with.textcard.url "a.example" is no address with its scheme, such as https://example.com/a',
    ],
    ['reply', { news: [] }, 'with.news '],
    ['reply', { news: Array(9).fill({ title: '一', url: 'https://a.example/' }) }, 'with.news '],
    ['reply', { news: [{ title: '一' }] }, 'with.news.0 leads nowhere: give url, or appid with pagepath'],
    [
      'reply',
      { template_card: { card_type: 'button' } },
      'with.template_card.card_type "button" is none of the card types text_notice, news_notice, button_interaction, vote_interaction, multiple_interaction',
    ],
    [
      'reply',
      { template_card: { ...buttons, button_list: [{ text: '好' }] } },
      'with.template_card.button_list.0 has neither or both of key and url',
    ],
    [
      'reply',
      { template_card: { ...buttons, task_id: '一号' } },
      'with.template_card.task_id "一号" is no task id: 1 to 128 of 0-9 A-Z a-z _ - @',
    ],
    [
      'reply',
      { template_card: { card_type: 'text_notice', card_action: { url: 'https://a.example/' } } },
      'with.template_card has neither main_title.title nor sub_title_text',
    ],
    [
      'reply',
      {
        template_card: {
          card_type: 'news_notice',
          main_title: { title: '一' },
          card_action: { url: 'https://a.example/' },
        },
      },
      'with.template_card has neither card_image nor image_text_area',
    ],
    [
      'reply',
      { template_card: { card_type: 'text_notice', sub_title_text: '一', card_action: { type: 1 } } },
      'with.template_card.card_action leads nowhere: give url, or appid with pagepath',
    ],
    ['app.send', { to: {}, text: '好' }, 'with.to names nobody: give users, departments or tags'],
    [
      'app.send',
      { to: { users: ['@all', 'lina'] }, text: '好' },
      'with.to names @all and others: @all stands alone in users',
    ],
    ['app.send', { to: { users: Array(1_001).fill('lina') }, text: '好' }, 'with.to.users '],
    [
      'app.send',
      { to: { users: ['lina'] }, text: '长'.repeat(683) },
      'with.text has 2049 bytes; at most 2048 fit, and a Chinese character takes 3',
    ],
    [
      'app.send',
      { to: { users: ['lina'] }, markdown: '好', safe: 1 },
      'with.safe is not for markdown: only text, image, video, file, mpnews can be kept from being shared',
    ],
    ['app.send', { to: { users: ['lina'] }, text: '好', safe: 2 }, 'with.safe is 2, which only mpnews knows'],
    [
      'app.send',
      { to: { users: ['lina'] }, image: 'sofa', idTrans: true },
      'with.idTrans is not for image: only text, textcard, news, mpnews, miniprogram_notice, template_card hold names',
    ],
    [
      'app.send',
      { to: { users: ['@all'] }, miniprogram_notice: { appid: 'wx1', title: '订单提醒' } },
      'with.to.users is @all, to whom no miniprogram_notice can be sent',
    ],
    [
      'robot.send',
      { robot: '销售群', text: '长'.repeat(683) },
      'with.text has 2049 bytes; at most 2048 fit, and a Chinese character takes 3',
    ],
    [
      'robot.send',
      { robot: '销售群', markdown: '长'.repeat(1_366) },
      'with.markdown has 4098 bytes; at most 4096 fit, and a Chinese character takes 3',
    ],
    [
      'robot.send',
      { robot: '销售群', news: [{ title: '一' }] },
      'with.news.0.url is missing; a text is needed',
    ],
    [
      'robot.send',
      { robot: '销售群', news: [{ title: '一', url: 'https://a.example/', appid: 'wx1' }] },
      'with.news.0.appid is no field here; there is title, description, url, picture',
    ],
    [
      'robot.send',
      { robot: '销售群', template_card: { ...notice, action_menu: { action_list: [button] } } },
      'with.template_card is no text_notice or news_notice without action_menu: no click comes back from a robot',
    ],
  ])('does not fit %s (case %#), and says so', (action, params, sentence) => {
    const [problem, ...others] = problemsOf(action, params)
    expect(others).toEqual([])
    // Where the sentence is the schema library's own, only its path is ours.
    if (sentence.endsWith(' ')) expect(problem).toContain(sentence)
    else expect(problem).toBe(sentence)
  })

  it('names the materials, members and departments that must be there', () => {
    const row = { keyname: '报价', material: 'prices' }
    const card = { ...buttons, horizontal_content_list: [row, { keyname: '人', userid: 'lina' }] }
    expect(actions.get('reply')?.names?.({ template_card: card })).toEqual([
      {
        ...{ kind: 'material', kinds: ['file'], name: 'prices' },
        path: 'template_card.horizontal_content_list.0.material',
      },
    ])
    const to = { users: ['lina', 'lead', '{{ staff.userid }}'], departments: ['name:销售部'] }
    expect(actions.get('app.send')?.names?.({ to, image: 'sofa' })).toEqual([
      { kind: 'staff', name: 'lina', path: 'to.users.0', words: ['staff', 'lead', 'leads', 'admin'] },
      { kind: 'staff', name: 'lead', path: 'to.users.1', words: ['staff', 'lead', 'leads', 'admin'] },
      { kind: 'department', name: 'name:销售部', path: 'to.departments.0' },
      { kind: 'material', kinds: ['image'], name: 'sofa', path: 'image' },
    ])
  })
})

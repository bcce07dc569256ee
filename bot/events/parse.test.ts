import { describe, expect, it } from 'vitest'
import { isEvent, laneOf, mayBeAnswered, orderKey, parseEvent } from './parse.ts'
import { WireError } from './wire.ts'

const xml = (inner: string): string =>
  `<xml><ToUserName><![CDATA[ww1]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>1700000000</CreateTime>${inner}</xml>`
const add = (inner: string): string =>
  xml(
    `<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[add_external_contact]]></ChangeType><UserID><![CDATA[lina]]></UserID><ExternalUserID><![CDATA[wm1]]></ExternalUserID>${inner}`,
  )

describe('a message from WeCom', () => {
  it('keeps text text: leading zeros, exponents and 64-bit ids', () => {
    const event = parseEvent(
      xml(
        '<MsgType>text</MsgType><Content><![CDATA[1e5]]></Content><MsgId>4561255354251345929</MsgId><AgentID>0012</AgentID>',
      ),
    )
    expect(event).toMatchObject({ msgId: '4561255354251345929', agentId: '0012', data: { text: '1e5' } })
  })

  it('keeps white space and markup of the text as they were typed', () => {
    const event = parseEvent(xml('<MsgType>text</MsgType><Content><![CDATA[ a <b>&amp;\n ]]></Content>'))
    expect(event.data).toEqual({ text: ' a <b>&amp;\n ' })
  })

  it('may hold anything that people type, document types included', () => {
    const event = parseEvent(
      xml('<MsgType>text</MsgType><Content><![CDATA[<!DOCTYPE html> <a><b>]]></Content>'),
    )
    expect(event.data).toEqual({ text: '<!DOCTYPE html> <a><b>' })
  })

  it('has the same id whatever the order of its fields, and another one for any other value', () => {
    const one = parseEvent(add('<State>x</State><WelcomeCode>c</WelcomeCode>'))
    expect(parseEvent(add('<WelcomeCode>c</WelcomeCode>\n <State>x</State>')).id).toBe(one.id)
    expect(parseEvent(add('<State>y</State><WelcomeCode>c</WelcomeCode>')).id).not.toBe(one.id)
  })

  it('waits with the other events of its customer, ahead of them with a welcome code', () => {
    const event = parseEvent(add('<WelcomeCode>c</WelcomeCode>'))
    expect(isEvent(event, 'customer.added') && event.data.welcomeCode).toBe('c')
    expect(orderKey(event)).toBe('customer:wm1')
    expect(laneOf(event)).toBe('fast')
    expect(laneOf(parseEvent(add('')))).toBe('slow')
  })

  it('reads a list that has one element as a list', () => {
    const one = parseEvent(
      xml(
        '<MsgType>event</MsgType><Event>change_external_chat</Event><ChangeType>update</ChangeType><UpdateDetail>add_member</UpdateDetail><ChatId>wr1</ChatId><JoinScene>3</JoinScene><MemChangeList><Item>wm9</Item></MemChangeList>',
      ),
    )
    expect(one.data).toMatchObject({ chatId: 'wr1', members: ['wm9'], scene: '3' })
  })

  it('of the directory has what was emptied, and not what was left alone', () => {
    const changed = parseEvent(
      xml(
        '<MsgType>event</MsgType><Event>change_contact</Event><ChangeType>update_user</ChangeType><UserID>wudi</UserID><Position></Position><Department>3,4</Department><DirectLeader></DirectLeader>',
      ),
    )
    expect(changed).toMatchObject({ name: 'directory.update_user', userid: 'wudi' })
    const data = { id: '', newUserid: '', position: '', departments: ['3', '4'], directLeader: [] }
    expect(changed.data).toEqual(data)
  })

  it('keeps its fields as they came when nobody knows what it is', () => {
    const event = parseEvent(xml('<MsgType>event</MsgType><Event>new</Event><Ids><Id>1</Id><Id>2</Id></Ids>'))
    expect(event.data).toMatchObject({ Event: 'new', Ids: { Id: ['1', '2'] }, CreateTime: '1700000000' })
  })

  it('takes no element for what objects have by themselves', () => {
    const { data } = parseEvent(
      xml('<MsgType>event</MsgType><Event>new</Event><isPrototypeOf>1</isPrototypeOf>'),
    )
    expect(data).toMatchObject({ isPrototypeOf: '1' })
    for (const name of ['constructor', 'toString', '__proto__']) expect(name in data).toBe(false)
  })

  it('may be answered where the platform looks at the answer', () => {
    const from = (inner: string): string => xml(inner).replace('sys', 'lina')
    const click = (kind: string): string =>
      `<MsgType>event</MsgType><Event>${kind}</Event><EventKey>k</EventKey>`
    const answered = (text: string): boolean => mayBeAnswered(parseEvent(text))
    expect(answered(from('<MsgType>text</MsgType>'))).toBe(true)
    expect(['click', 'scancode_waitmsg', 'enter_agent'].every(kind => answered(from(click(kind))))).toBe(true)
    const unseen = [
      'scancode_push',
      'pic_weixin',
      'location_select',
      'template_card_event',
      'view',
      'unsubscribe',
    ]
    expect(unseen.filter(kind => answered(from(click(kind))))).toEqual([])
    expect(answered(xml('<MsgType>text</MsgType>'))).toBe(false)
  })

  it('that is of no known kind is named unknown, names of object members included', () => {
    for (const type of ['sticker', 'constructor', '__proto__', '']) {
      expect(parseEvent(xml(`<MsgType><![CDATA[${type}]]></MsgType>`)).name).toBe('unknown')
    }
    expect(parseEvent(xml('<MsgType>event</MsgType><Event>toString</Event>')).name).toBe('unknown')
  })

  it.each([
    ['an entity bomb', '<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><ToUserName>&a;</ToUserName></xml>'],
    ['an unclosed element', '<xml><ToUserName>ww1<CreateTime>1</CreateTime></xml>'],
    ['no XML at all', 'hello'],
    ['another root', '<html><ToUserName>ww1</ToUserName><CreateTime>1</CreateTime></html>'],
    ['no receiver', '<xml><CreateTime>1</CreateTime></xml>'],
    ['no time', '<xml><ToUserName>ww1</ToUserName><CreateTime>soon</CreateTime></xml>'],
    ['deep nesting', `<xml>${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}</xml>`],
  ])('is refused: %s', (_what, text) => {
    expect(() => parseEvent(text)).toThrow(WireError)
  })
})

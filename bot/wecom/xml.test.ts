import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutBytes, type NewsReply, type TextReply, toXml } from './xml.ts'

const common = { ToUserName: 'lina', FromUserName: 'wwcorp', CreateTime: 1700000000 }

describe('toXml', () => {
  it('writes a text reply as the platform documents it', () => {
    const reply: TextReply = { ...common, MsgType: 'text', Content: '你好 A&B <1>' }
    expect(toXml(reply)).toBe(
      '<xml><ToUserName><![CDATA[lina]]></ToUserName><FromUserName><![CDATA[wwcorp]]></FromUserName>' +
        '<CreateTime>1700000000</CreateTime><MsgType><![CDATA[text]]></MsgType>' +
        '<Content><![CDATA[你好 A&B <1>]]></Content></xml>',
    )
  })

  it('repeats the element of a list, and leaves out what is not given', () => {
    const articles = [
      { Title: '一', Url: 'https://a.example/1' },
      { Title: '二', Description: '说明', Url: 'https://a.example/2' },
    ]
    const reply: NewsReply = { ...common, MsgType: 'news', ArticleCount: 2, Articles: { item: articles } }
    expect(toXml(reply)).toContain(
      '<ArticleCount>2</ArticleCount><Articles>' +
        '<item><Title><![CDATA[一]]></Title><Url><![CDATA[https://a.example/1]]></Url></item>' +
        '<item><Title><![CDATA[二]]></Title><Description><![CDATA[说明]]></Description>' +
        '<Url><![CDATA[https://a.example/2]]></Url></item></Articles>',
    )
  })

  it('never lets text end its CDATA section', () => {
    expect(toXml({ Content: 'a]]>b' })).toBe('<xml><Content><![CDATA[a]]]]><![CDATA[>b]]></Content></xml>')
  })

  it('leaves out characters that XML forbids, also where that would join a CDATA end', () => {
    expect(toXml({ Content: '\u0000a\tb\n]\u000b]>\uffff' })).toBe(
      '<xml><Content><![CDATA[a\tb\n]]]]><![CDATA[>]]></Content></xml>',
    )
  })

  it('refuses names and numbers it could only write wrongly', () => {
    expect(() => toXml({ 'a b': '1' })).toThrow(TypeError)
    expect(() => toXml({ MsgId: Number('4561255354251345929') })).toThrow('MsgId')
  })
})

describe('cutBytes', () => {
  it('keeps a text that fits', () => {
    expect(cutBytes('你好', 6)).toBe('你好')
  })

  it.each([
    ['你好', 5, '你'],
    ['a😀b', 4, 'a'],
    ['a😀b', 5, 'a😀'],
    ['你', 0, ''],
  ])('cuts %j at %d bytes to %j', (text, maxBytes, cut) => {
    expect(cutBytes(text, maxBytes)).toBe(cut)
  })

  it('is always a beginning of the text within the limit, and less than a character short of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(80), (text, maxBytes) => {
        const cut = cutBytes(text, maxBytes)
        expect(text.startsWith(cut)).toBe(true)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes)
        expect(cut === text || Buffer.byteLength(cut) > maxBytes - 4).toBe(true)
      }),
    )
  })
})

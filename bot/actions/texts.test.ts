import { describe, expect, it } from 'vitest'
import { fullName, shorten, texts } from './texts.ts'

describe('the name of a customer', () => {
  it.each([
    ['滨江-张三', '张三', '滨江-张三（张三）'],
    ['张三', '张三', '张三'],
    ['', '张三', '张三'],
    ['滨江-张三', '', '滨江-张三'],
    ['', '', '（未填昵称）'],
  ])('with remark %j and nickname %j is %s', (remark, customerName, name) => {
    expect(fullName({ remark, customerName })).toBe(name)
  })

  it('stays what the customer wrote: template signs, markup, emoji', () => {
    const customerName = '{{ corp.name }} $& <b>👨‍👩‍👧'
    expect(fullName({ remark: '', customerName })).toBe(customerName)
    expect(texts.tagsUnchanged(customerName)).toContain(customerName)
  })
})

describe('what somebody typed', () => {
  it('is repeated whole up to the limit, and cut with a mark beyond it', () => {
    expect(shorten('一'.repeat(20))).toBe('一'.repeat(20))
    expect(shorten('一'.repeat(21))).toBe(`${'一'.repeat(20)}…`)
    expect(shorten('abc', 2)).toBe('ab…')
  })

  it('is never cut inside a character', () => {
    expect(shorten('🙂'.repeat(21))).toBe(`${'🙂'.repeat(20)}…`)
  })

  it.each([texts.customerUnknown, texts.scriptUnknown])('does not make the answer long', answer => {
    expect([...answer('长'.repeat(2_000))].length).toBeLessThan(120)
  })
})

describe('the answer where several customers fit', () => {
  const two = ['2. 春展-王（王）', '1. 小王']

  it('numbers them and says how to choose', () => {
    expect(texts.customerAmbiguous('王', two, 2)).toBe(
      '有 2 位客户符合“王”：\n2. 春展-王（王）\n1. 小王\n请写完整一些，或在名字后加序号，例如：客户 王#1',
    )
  })

  it('shows that there are more than it lists', () => {
    expect(texts.customerAmbiguous('王', two, 3)).toContain('1. 小王\n…\n')
  })

  it('names the numbers that exist, and without any customer says that there is none', () => {
    expect(texts.noSuchOrdinal('王', 2)).toBe('“王”只找到 2 位客户，序号请写 1 到 2。')
    expect(texts.noSuchOrdinal('王', 1)).toBe('“王”只找到 1 位客户，直接写名字就可以，不用加序号。')
    expect(texts.noSuchOrdinal('王', 0)).toBe(texts.customerUnknown('王'))
  })
})

describe('the answer about tags', () => {
  it('lists what changed and leaves out what did not', () => {
    expect(texts.tagged('张三', ['VIP', '春展'], [])).toBe('已更新 张三 的标签\n加上：VIP、春展')
    expect(texts.tagged('张三', [], ['潜在'])).toBe('已更新 张三 的标签\n去掉：潜在')
  })

  it('offers near names, or says who can make new ones', () => {
    expect(texts.tagUnknown('VlP', ['客户状态/VIP'])).toContain('是不是想写：客户状态/VIP？')
    expect(texts.tagUnknown('x', [])).toContain('管理员')
  })

  it('asks for the group where a name is in several', () => {
    expect(texts.tagAmbiguous('其他', ['渠道', '原因'])).toBe(
      '有 2 个标签叫“其他”，请连同标签组一起写：渠道/其他、原因/其他',
    )
  })
})

describe('answers about long input', () => {
  it('an unknown tag is not repeated whole', () => {
    expect([...texts.tagUnknown('长'.repeat(600), [])].length).toBeLessThan(120)
  })
  it('the example to type for an ambiguous name is a line that can find it: no “…” inside the name', () => {
    expect(texts.customerAmbiguous('很'.repeat(21), [], 2)).not.toContain('…#1')
  })
})

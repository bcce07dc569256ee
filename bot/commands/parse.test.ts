import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CommandArgument } from '../handlers/schema.ts'
import { normalizeWord, parseArguments, tokenize } from './parse.ts'

const words = (line: string) => tokenize(line).map(token => token.text)

describe('the words of a line', () => {
  it.each([
    ['客户 张三', ['客户', '张三']],
    ['　客户　张三\t\u00a0李四\n王五 ', ['客户', '张三', '李四', '王五']],
    ['客户 "张 三" “李 四” 「王 五」 『赵 六』', ['客户', '张 三', '李 四', '王 五', '赵 六']],
    ['“张 三”+VIP', ['张 三', '+VIP']],
    ['"张 三', ['"张', '三']],
    ['“张 三"', ['“张', '三"']],
    ['O"Neil 5"', ['O"Neil', '5"']],
    ['「“张 三”」', ['“张 三”']],
    ['🙂 👨‍👩‍👧 张', ['🙂', '👨‍👩‍👧', '张']],
    ['constructor __proto__', ['constructor', '__proto__']],
    ['', []],
    [' \u3000\n', []],
  ])('of %j are %j', (line, expected) => {
    expect(words(line)).toEqual(expected)
  })

  it('are found where they stand, whatever was typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('张', ' ', '　', '"', '“', '”', '+', '🙂') }), line => {
        let end = 0
        for (const token of tokenize(line)) {
          expect(token.start).toBeGreaterThanOrEqual(end)
          const raw = line.slice(token.start, token.end)
          const sign = token.signed ? (raw[0] ?? '') : ''
          expect(token.quoted ? sign + raw.slice(sign.length + 1, -1) : raw).toBe(token.text)
          expect(line.slice(end, token.start).trim()).toBe('')
          end = token.end
        }
        expect(line.slice(end).trim()).toBe('')
      }),
    )
  })

  it('of a very long line are all there, whatever stays unclosed in it', () => {
    expect(tokenize('“ '.repeat(2_000) + '客户 '.repeat(2_000))).toHaveLength(4_000)
    expect(words('张'.repeat(100_000))).toEqual(['张'.repeat(100_000)])
  })

  it('are compared without width and case', () => {
    expect(normalizeWord('ＫＨ？')).toBe(normalizeWord('kh?'))
    expect(normalizeWord('Help')).toBe('help')
  })
})

const name: CommandArgument = { name: 'customer', title: '名字', type: 'word', required: true }
const text: CommandArgument = { name: 'text', title: '内容', type: 'rest', required: true }
const tags: CommandArgument = { name: 'tags', title: '标签', type: 'tags', required: true }

describe('the arguments of a command', () => {
  it('are a word and all the rest, as it was typed', () => {
    expect(parseArguments([name, text], '张三 明天  下午 3 点，“带上” 样册 ')).toEqual({
      values: { customer: '张三', text: '明天  下午 3 点，“带上” 样册' },
    })
    expect(parseArguments([name, text], '"张 三" "一个 词"')).toEqual({
      values: { customer: '张 三', text: '一个 词' },
    })
    expect(parseArguments([name, text], '张三 第一行\n第二行')).toMatchObject({
      values: { text: '第一行\n第二行' },
    })
  })

  it.each([
    ['', name],
    ['  　', name],
    ['张三', text],
    ['“张三 明天” ', text],
    ['“” 明天', name],
    ['张三 “　”', text],
  ])('of %j lack one, and tell the first that is missing', (line, missing) => {
    expect(parseArguments([name, text], line)).toEqual({ missing })
  })

  it('may lack one that is not required', () => {
    expect(parseArguments([{ ...name, required: false }], '')).toEqual({ values: {} })
    expect(parseArguments([{ ...tags, required: false }], '')).toEqual({
      values: { tags: { add: [], remove: [] } },
    })
  })

  it.each([
    [[], '谢谢', '谢谢'],
    [[name], '张三  李四 “王 五”', '李四 “王 五”'],
    [[{ ...name, required: false }], '张三 。 李四', '。 李四'],
  ])('%# leave words that none takes: %j', (spec, line, surplus) => {
    expect(parseArguments(spec, line)).toEqual({ surplus })
  })

  it.each([
    [[], ' 。！🙂 ', {}],
    [[name], '张三 ……', { customer: '张三' }],
    [[name, tags], '张三 +VIP 谢谢', { customer: '张三', tags: { add: ['VIP', '谢谢'], remove: [] } }],
    [[name, text], '张三 你好 谢谢', { customer: '张三', text: '你好 谢谢' }],
  ])('%# leave none where a sign is all, or an argument takes the rest: %j', (spec, line, values) => {
    expect(parseArguments(spec, line)).toEqual({ values })
  })

  it('keep template signs and markup as they were typed', () => {
    expect(parseArguments([text], '{{ corp.name }} <b> .* $&')).toEqual({
      values: { text: '{{ corp.name }} <b> .* $&' },
    })
  })
})

describe('the arguments of a tag command', () => {
  const changes = (line: string) => parseArguments([name, tags], line)
  const read = (customer: string, add: string[], remove: string[]) => ({
    values: { customer, tags: { add, remove } },
  })

  it.each([
    ['张三 +VIP -潜在', read('张三', ['VIP'], ['潜在'])],
    ['张三 ＋VIP －潜在', read('张三', ['VIP'], ['潜在'])],
    ['张三 + VIP - 潜在', read('张三', ['VIP'], ['潜在'])],
    ['张三 +VIP，高意向 -潜在、流失', read('张三', ['VIP', '高意向'], ['潜在', '流失'])],
    ['张三 +VIP 高意向', read('张三', ['VIP', '高意向'], [])],
    ['张 三 丰 +VIP', read('张 三 丰', ['VIP'], [])],
    ['“张三” VIP', read('张三', ['VIP'], [])],
    ['"+1 张三" -VIP', read('+1 张三', [], ['VIP'])],
    ['张三 + “重要 客户”', read('张三', ['重要 客户'], [])],
    ['张三 + “-10 度”', read('张三', ['-10 度'], [])],
    ['张三 +A-B -__proto__', read('张三', ['A-B'], ['__proto__'])],
    ['张三 +客户状态/VIP', read('张三', ['客户状态/VIP'], [])],
    ['张三 +🙂', read('张三', ['🙂'], [])],
  ])('%j', (line, expected) => {
    expect(changes(line)).toEqual(expected)
  })

  it.each([
    ['', name],
    ['+VIP', name],
    ['张三', tags],
    ['张三 VIP', tags],
    ['张三 + -', tags],
    ['张三 + “ ”', tags],
    ['"" +VIP', name],
    ['张三 +， -、', tags],
  ])('%j lacks one', (line, missing) => {
    expect(changes(line)).toEqual({ missing })
  })
})

describe('tags as people type them', () => {
  const name = { name: 'customer', title: '名字', type: 'word', required: true } as const
  const tags = { name: 'tags', title: '标签', type: 'tags', required: true } as const

  it('a sign behind a comma is a sign', () => {
    expect(parseArguments([name, tags], '张三 +VIP，-潜在')).toEqual({
      values: { customer: '张三', tags: { add: ['VIP'], remove: ['潜在'] } },
    })
  })
  it('a quoted name may stand directly behind its sign', () => {
    expect(parseArguments([name, tags], '张三 +“重要 客户”')).toEqual({
      values: { customer: '张三', tags: { add: ['重要 客户'], remove: [] } },
    })
  })
  it('a comma inside quotes belongs to the name', () => {
    expect(parseArguments([name, tags], '张三 + “A，B”')).toEqual({
      values: { customer: '张三', tags: { add: ['A，B'], remove: [] } },
    })
  })
})

describe('a number of a command', () => {
  const amount: CommandArgument = { name: 'amount', title: '金额', type: 'number', required: true }
  const read = (spec: object, line: string) => parseArguments([{ ...amount, ...spec }], line)
  const range = { min: 1, max: 1_000_000 }

  it.each<[string, number]>([
    ['25800', 25_800],
    ['２５８００', 25_800],
    ['25,800', 25_800],
    ['２５，８００．５', 25_800.5],
    ['0.5', 0.5],
    ['-3', -3],
    ['－３', -3],
    ['“12”', 12],
    ['007', 7],
  ])('is read of %j', (line, value) => {
    expect(read({}, line)).toEqual({ values: { amount: value } })
  })

  it.each<[object, string, string]>([
    [{}, 'abc', '“金额”请写数字，这里写的是“abc”。'],
    [{}, '100元', '“金额”请写数字，这里写的是“100元”。'],
    [{}, '1,00', '“金额”请写数字，这里写的是“1,00”。'],
    [{}, '1e9', '“金额”请写数字，这里写的是“1e9”。'],
    [{}, '0x10', '“金额”请写数字，这里写的是“0x10”。'],
    [{}, 'Infinity', '“金额”请写数字，这里写的是“Infinity”。'],
    [{}, '9'.repeat(30), `“金额”请写数字，这里写的是“${'9'.repeat(20)}…”。`],
    [range, '０', '“金额”要在 1 到 1000000 之间，这里写的是“０”。'],
    [range, '1000001', '“金额”要在 1 到 1000000 之间，这里写的是“1000001”。'],
    [{ min: 0 }, '-1', '“金额”不能小于 0，这里写的是“-1”。'],
    [{ max: 9 }, '10', '“金额”不能大于 9，这里写的是“10”。'],
    [{ decimals: 0 }, '1.5', '“金额”请写整数，这里写的是“1.5”。'],
    [{ decimals: 2 }, '1.555', '“金额”最多 2 位小数，这里写的是“1.555”。'],
  ])('%j does not take %j, and says what fits', (spec, line, fault) => {
    expect(read(spec, line)).toEqual({ unfit: { ...amount, ...spec }, fault })
  })

  it('is one word: what follows is the next argument, or too much', () => {
    expect(parseArguments([name, amount], '张三 100 谢谢')).toEqual({ surplus: '谢谢' })
    expect(parseArguments([amount, tags], '-5 +VIP')).toMatchObject({ values: { amount: -5 } })
    expect(parseArguments([name, amount], '张三')).toEqual({ missing: amount })
  })
})

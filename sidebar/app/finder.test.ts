import { describe, expect, it } from 'vitest'
import { createFinder, createSearch, type Found } from './finder.ts'
import { CallError } from './http.ts'

const shelf = (key: string) => ({ key, name: key, count: 1 })
const page = (...items: string[]): Found<string> => ({
  categories: [shelf('开场')],
  total: items.length,
  items,
  next: items.length > 1 ? 'next' : null,
})

describe('a finder', () => {
  it('lets go of a category that is gone', async () => {
    const asked: string[] = []
    const finder = createFinder<string>(async params => {
      asked.push(params.get('category') ?? '')
      return page('甲')
    })
    finder.pick('收尾')
    await finder.load()
    expect(finder.category.value).toBe('')
    expect(asked.at(-1)).toBe('')
    expect(finder.found.value?.items).toEqual(['甲'])
  })

  it('asks for the same page again after a failure', async () => {
    let fails = false
    const cursors: (string | null)[] = []
    const finder = createFinder<string>(async params => {
      cursors.push(params.get('cursor'))
      if (fails) throw new CallError('failed', '')
      return params.has('cursor') ? page('丙') : page('甲', '乙')
    })
    await finder.load()
    fails = true
    await finder.more()
    expect(finder.trouble.value).toBe('failed')
    expect(finder.found.value?.items).toEqual(['甲', '乙'])
    fails = false
    await finder.retry()
    expect(cursors).toEqual([null, 'next', 'next'])
    expect(finder.found.value?.items).toEqual(['甲', '乙', '丙'])
    expect(finder.trouble.value).toBeNull()
  })

  it('goes on with the words that another one was given', async () => {
    const search = createSearch()
    createFinder<string>(async () => page(), search).type('退款')
    const words: (string | null)[] = []
    const next = createFinder<string>(async params => {
      words.push(params.get('q'))
      return page()
    }, search)
    await next.load()
    expect(words).toEqual(['退款'])
  })
})

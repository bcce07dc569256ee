import { afterEach, describe, expect, it, vi } from 'vitest'
import { keepDraft, readDraft } from './drafts.ts'

afterEach(() => void vi.unstubAllGlobals())

function stubStorage(): Map<string, string> {
  const stored = new Map<string, string>()
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
    removeItem: (name: string) => stored.delete(name),
  })
  return stored
}

describe('drafts', () => {
  it('are found again by staff member and customer, with their key', () => {
    stubStorage()
    keepDraft('lina', 'wmA', { text: '聊过了', key: 'k1' })
    expect(readDraft('lina', 'wmA')).toEqual({ text: '聊过了', key: 'k1' })
    expect(readDraft('lina', 'wmB').text).toBe('')
    expect(readDraft('zhao', 'wmA').text).toBe('')
  })

  it('leave nothing behind once they are empty', () => {
    const stored = stubStorage()
    keepDraft('lina', 'wmA', { text: '聊过了', key: 'k1' })
    keepDraft('lina', 'wmA', { text: '', key: 'k2' })
    expect(stored.size).toBe(0)
  })

  it('begin with a random UUID where storage is switched off', () => {
    vi.stubGlobal('sessionStorage', undefined)
    keepDraft('lina', 'wmA', { text: '聊过了', key: 'k1' })
    expect(readDraft('lina', 'wmA')).toEqual({
      text: '',
      key: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/),
    })
  })
})

import { describe, expect, it } from 'vitest'
import { officeText, readOffice } from './office.ts'

describe('office hours', () => {
  it.each([
    ['9:00-18:00', { from: 540, to: 1080, days: [1, 2, 3, 4, 5, 6, 7] }],
    ['08:30-17:45 1-5', { from: 510, to: 1065, days: [1, 2, 3, 4, 5] }],
    ['0:00-24:00 6,1-2,7', { from: 0, to: 1440, days: [1, 2, 6, 7] }],
  ])('are read of %s', (text, office) => {
    expect(readOffice(text)).toEqual(office)
    expect(readOffice(officeText(office))).toEqual(office)
  })

  it.each([
    ['nine to five', '"nine to five" is no office hours'],
    ['9:60-18:00', 'a time that no clock shows'],
    ['9:00-24:01', 'a time that no clock shows'],
    ['22:00-06:00', 'ends before it begins'],
    ['9:00-18:00 0-5', '"0-5" is no days'],
    ['9:00-18:00 5-1', '"5-1" is no days'],
    ['9:00-18:00 Mon', '"Mon" is no days'],
  ])('are refused of %s', (text, message) => {
    expect(() => readOffice(text)).toThrow(message)
  })
})

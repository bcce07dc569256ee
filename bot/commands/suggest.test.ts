import { describe, expect, it } from 'vitest'
import { actions } from '../actions/registry.ts'
import { compileHandler } from '../handlers/compile.ts'
import { builtInHandlers } from './builtin.ts'
import { isCommand } from './route.ts'
import { nearestCommands } from './suggest.ts'

const commands = builtInHandlers.map(document => compileHandler(document, 1, actions)).filter(isCommand)
const command = (name: string) =>
  compileHandler(
    {
      schemaVersion: 1,
      key: 'one',
      title: name,
      trigger: { command: name },
      steps: [{ id: 'answer', action: 'reply', with: { text: '好' } }],
    },
    1,
    actions,
  )
const near = (line: string) => nearestCommands(commands, line).map(({ trigger }) => trigger.command)

describe('the nearest command', () => {
  it.each([
    ['客护 张三', '客户', 'one letter of it is wrong'],
    ['课户 张三', '客户', 'it sounds the same'],
    ['kehu 张三', '客户', 'it is written in pinyin'],
    ['KeHu', '客户', 'it is written in pinyin of any case'],
    ['ｋｅｈｕ', '客户', 'it is written full-width'],
    ['bq张三', '标签', 'the name sticks to its initials'],
    ['genjing', '跟进', 'one letter of the pinyin is too much'],
    ['话', '话术', 'it is begun and not ended'],
    ['“客护” 张三', '客户', 'it stands in quotes'],
  ])('to %j is %s: %s', (line, command) => {
    expect(near(line)[0]).toBe(command)
  })

  it.each(['', ' 　', '你好呀', '.*', '(', '🙂', 'constructor', '__proto__', '{{ corp.name }}', '+VIP'])(
    'to %j is none',
    line => {
      expect(near(line)).toEqual([])
    },
  )

  it('comes first, and no more than two are asked about', () => {
    const several = ['客服', '客房', '客户'].map(command).filter(isCommand)
    const asked = nearestCommands(several, '课户').map(({ trigger }) => trigger.command)
    expect(asked).toHaveLength(2)
    expect(asked[0]).toBe('客户')
  })

  it('is found by its initials though no alias says them', () => {
    const reports = ['报表'].map(command).filter(isCommand)
    expect(nearestCommands(reports, 'BB')).toEqual(reports)
  })

  it('is found for the longest message that the platform delivers, in less than a second', () => {
    // In time of the processor: how much of it others get does not count.
    const began = process.cpuUsage()
    near('户'.repeat(682))
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(1_000)
  })
})

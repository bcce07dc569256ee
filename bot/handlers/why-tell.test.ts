import { describe, expect, it } from 'vitest'
import type { Why, WhyAdd } from './why.ts'
import { type Finding, finding, findingCodes } from './why-codes.ts'
import { byName } from './why-names.ts'
import { conditionZh, lengthZh, scopeZh } from './why-said.ts'
import { inEnglish, tellAdmin, tellOperator } from './why-tell.ts'

const at = new Date('2026-11-21T02:32:05Z')
const add = (findings: Finding[], change: Partial<WhyAdd> = {}): WhyAdd => ({
  userid: 'lina',
  useridKey: 'lina',
  staffName: '李娜',
  at,
  welcome: 'not_sent',
  tags: 'not_marked',
  findings,
  ...change,
})
const why = (adds: WhyAdd[], change: Partial<Why> = {}): Why => ({
  corpId: 'ww',
  externalUserid: 'wmAAAABBBBCCCC',
  name: '小林',
  timeZone: 'Asia/Shanghai',
  adds,
  older: 0,
  near: [],
  handlers: { greets: '新客户欢迎', fair: '春展欢迎' },
  staff: { lina: '李娜', hemin: '何敏' },
  departments: { 4: '线上组' },
  ...change,
})

const off = finding('handler_off', 'both', { handler: 'greets', at, by: 'hemin' })
const match = finding('handler_match', 'welcome', {
  handler: 'fair',
  why: 'state prefix "fair-" (was "xhs")',
})

describe('the answer for an admin', () => {
  it('has the verdict first, then the reasons, and at last what to do', () => {
    expect(tellAdmin(why([add([off, match])]))).toBe(
      [
        '小林 11-21 10:32 加李娜：没有发欢迎语，没有打标签',
        '· “新客户欢迎”当时是关闭的（11-21 10:32 由何敏关闭）',
        '· “春展欢迎”不适用于这次添加：渠道标识应以“fair-”开头，当时是“xhs”',
        '建议：如需启用，请发：处理器 开 新客户欢迎',
      ].join('\n'),
    )
  })

  it('tells the adds before the newest in a line each', () => {
    const sent = add([finding('sent', 'welcome', { at, handler: 'greets', text: '您好', attachments: 0 })], {
      welcome: 'sent',
      tags: 'none',
    })
    expect(tellAdmin(why([sent, add([off]), add([off])], { older: 3 }))).toBe(
      [
        '小林 11-21 10:32 加李娜：已发欢迎语',
        '· 11-21 10:32 由“新客户欢迎”发出：“您好”',
        '',
        '更早：',
        '11-21 10:32 加李娜：没有发欢迎语，没有打标签',
        '11-21 10:32 加李娜：没有发欢迎语，没有打标签',
        '还有 3 次更早的添加',
      ].join('\n'),
    )
  })

  it('shows the beginning of a long welcome in one line, so that the rest is told too', () => {
    const text = `您好！\n${'很长的欢迎语'.repeat(200)}`
    const sent = finding('sent', 'welcome', { at, handler: 'greets', text, attachments: 9 })
    const told = tellAdmin(why([add([sent, off])], {})).split('\n')
    expect(told[1]).toMatch(/^· 11-21 10:32 由“新客户欢迎”发出：“您好！ 很长的欢迎语.{50,80}…”，附件 9 个$/)
    expect(told[2]).toMatch(/^· “新客户欢迎”当时是关闭的/)
    expect(inEnglish(sent).text).toMatch(/^sent at .*…", with 9 attachments$/)
    expect(inEnglish(sent).text.length).toBeLessThan(160)
  })

  it('tells that the end of a welcome was cut off', () => {
    const sent = finding('sent', 'welcome', {
      at,
      handler: 'greets',
      text: '您好',
      attachments: 0,
      cut: true,
    })
    expect(tellAdmin(why([add([sent])])).split('\n')[1]).toBe(
      '· 11-21 10:32 由“新客户欢迎”发出：“您好”，正文超过企业微信的上限 4,000 字节，超出的部分没有发出',
    )
    expect(inEnglish(sent).text).toMatch(
      /: "您好", with its end cut off at 4,000 bytes, the most that the platform takes$/,
    )
  })

  it.each([
    [
      {
        code: 'wecom_network_error',
        message: 'no usable answer from WeCom to externalcontact/get: HTTP 502',
      },
      /：有效期 20 秒，发送时离添加已过 41 秒；上一次没有发成：企业微信没有回应$/,
      /, the attempt came 41 s after the add; the attempt before had failed: wecom_network_error \(no usable .* 502\)$/,
    ],
    [
      { code: 'wecom_41096', message: 'conflict', hint: '稍后再试' },
      /；上一次没有发成：企业微信返回 41096，稍后再试$/,
      /; the attempt before had failed: errcode 41096 \(path\/90313: conflict\)$/,
    ],
  ])(
    'tells beside a code that had run out with what the attempt before had failed: %o',
    (trouble, zh, en) => {
      const expired = finding('code_expired', 'welcome', { at, lateMs: 41_000, arrivedMs: 0, trouble })
      expect(tellAdmin(why([add([expired])])).split('\n')[1]).toMatch(zh)
      expect(inEnglish(expired).text).toMatch(en)
    },
  )

  it('says once what is so of several handlers', () => {
    const stopped = ['fair', 'second', 'third'].map(handler =>
      finding('handler_after', 'both', { handler, why: 'stopped by greets' }),
    )
    expect(tellAdmin(why([add(stopped)])).split('\n')[1]).toBe(
      '· “春展欢迎”“second”“third”没有轮到：前面的“新客户欢迎”已拦下',
    )
  })

  it('counts those that were for others where one came nearer', () => {
    const told = tellAdmin(why([add([off, match, match])])).split('\n')
    expect(told[1]).toMatch(/^· “新客户欢迎”当时是关闭的/)
    expect(told[2]).toBe('· 其他 2 个处理器不适用于这次添加')
  })

  it('leaves out what decided nothing, and tells the year of what was in another one', () => {
    const sent = finding('sent', 'welcome', { at, handler: 'greets', text: '您好', attachments: 0 })
    const told = tellAdmin(why([add([sent, { ...match, aside: true }])]), new Date('2027-03-01T00:00:00Z'))
    expect(told).toMatch(/^小林 2026-11-21 10:32 加李娜：.*\n· 2026-11-21 10:32 由“新客户欢迎”发出：“您好”$/)
  })

  it('tells beside a welcome that was sent what kept the others away, and marks last whose number is enough', () => {
    const sent = finding('sent', 'welcome', { at, handler: 'greets', text: '您好', attachments: 0 })
    const after = finding('handler_after', 'welcome', { handler: 'late', why: 'stopped by greets' })
    const besides = (...findings: Finding[]) => findings.map((one): Finding => ({ ...one, aside: true }))
    const tagOnly = finding('handler_after', 'tag', { handler: 'marks', why: 'stopped by greets' })
    const told = (findings: Finding[]) =>
      tellAdmin(why([add(findings, { welcome: 'sent', tags: 'marked' })]))
        .split('\n')
        .slice(2)
    expect(told([sent, ...besides(match, after, tagOnly)])).toEqual([
      '· “春展欢迎”不适用于这次添加：渠道标识应以“fair-”开头，当时是“xhs”',
      '· “late”没有轮到：前面的“新客户欢迎”已拦下',
    ])
    const others = ['a', 'b', 'c', 'd', 'e', 'f'].map(handler =>
      finding('handler_match', 'welcome', { handler, why: `state eq "${handler}" (was "xhs")` }),
    )
    expect(told([sent, ...besides(after, ...others)])).toEqual([
      '· “late”没有轮到：前面的“新客户欢迎”已拦下',
      '· 其他 6 个处理器不适用于这次添加',
    ])
  })

  it('advises nothing about what is told besides', () => {
    expect(tellAdmin(why([add([{ ...off, aside: true }])]))).not.toMatch(/建议/)
    expect(inEnglish({ ...off, aside: true })).not.toHaveProperty('todo')
  })

  it('fits one message, whatever there is to tell', () => {
    const text = '很长的欢迎语'.repeat(200)
    const sent = finding('sent', 'welcome', { at, handler: 'greets', text, attachments: 9 })
    const long = finding('handler_when', 'both', { handler: 'fair', why: '条件'.repeat(400) })
    const told = tellAdmin(why([add([sent, long, off, match]), add([off])]))
    expect(Buffer.byteLength(told)).toBeLessThanOrEqual(2_048)
    expect(told).toMatch(/^小林 11-21 10:32 加李娜：/)
  })

  it('says that an id is told apart by case where nobody has it, and what looks like it', () => {
    const told = tellAdmin(why([], { name: '', near: ['wmAAAAbbbb'] }))
    expect(told).toMatch(/^没有“wmAAAABBBBCCCC”这位客户的任何记录。客户 ID 区分大小写.*\n是不是：wmAAAAbbbb$/)
  })
})

describe('the answer for the operator', () => {
  it('is a table for each add, headed by its verdict', () => {
    expect(tellOperator(why([add([off, match])]))).toBe(
      [
        'wmAAAABBBBCCCC (小林)',
        '',
        '2026-11-21 02:32:05  lina: no welcome, no tags',
        '  handler_off    greets was off since 2026-11-21 02:32:05 by hemin',
        '  handler_match  fair is for others: state prefix "fair-" (was "xhs")',
        '  to do          sidekick handlers on greets',
      ].join('\n'),
    )
  })

  it('names the event of each add, for inbox show', () => {
    expect(tellOperator(why([add([off], { event: 'ww:1' })]))).toMatch(/\n {2}event +ww:1$/)
  })

  it('says what is not known, and how many adds are not shown', () => {
    expect(tellOperator(why([], { name: '' }))).toMatch(/^nothing is known of wmAAAABBBBCCCC: .* case\.$/)
    expect(tellOperator(why([add([off])], { older: 2 }))).toMatch(/\n\n2 older adds are not shown/)
  })
})

describe('the words of the findings', () => {
  const trouble = { code: 'wecom_60011', message: 'no privilege', hint: '无权访问' }
  const any = {
    ...{ handler: 'greets', step: 'tag', by: 'welcome', why: 'time.inOffice eq false (was true)', trouble },
    ...{ at, from: at, to: at, since: at, next: at, endedAt: at, onAt: at, attempts: 2, userid: 'lina' },
    ...{ reason: 'refused', lateMs: 30_000, arrivedMs: 9_000, errcode: 48002, hint: '没有权限', handlers: 2 },
    ...{ added: ['VIP'], gone: ['VIP'], text: '您好', attachments: 1, event: 'ww:1', corpName: '隔壁' },
    ...{ possible: ['console', 'chat'], excluded: ['half'], stillPaused: true, over: true },
  }

  it.each(Object.keys(findingCodes))('%s is said in both languages, whole', code => {
    const found = { code, about: 'both', data: any } as unknown as Finding
    const { text } = inEnglish(found)
    const told = tellAdmin(why([add([found])]))
      .split('\n')
      .slice(1)
      .join('\n')
    for (const said of [text, told]) {
      expect(said).not.toMatch(/undefined|null|\[object|NaN|Invalid/)
      expect(said.length).toBeGreaterThan(5)
    }
    expect(told).toMatch(/^· .*[\u4e00-\u9fff]/)
    expect(text.replace(/隔壁|您好|客户联系 →[^,;]*|外部联系人变更回调/g, '')).not.toMatch(/[\u4e00-\u9fff]/)
  })

  it('turn scopes, and what the dispatcher says, into Chinese', () => {
    const names = byName({ staff: { lina: '李娜', hemin: '何敏' }, departments: { 4: '线上组' } })
    const scopes = [
      ['except lina, role:lead, 4', '排除了李娜、部门负责人、线上组'],
      ['departments 4 (was lina of 3, 2, 1)', '只适用于线上组，李娜不在其中'],
      ['departments 3 or staff hemin (was lina of 1, 4)', '只适用于部门 3、何敏，李娜不在其中'],
      ['staff a, b and 3 more (was nobody of none)', '只适用于a、b等 5 个，这次不属于任何成员'],
      ['roles lead (was staff)', '只适用于部门负责人，实际是普通成员'],
      ['apps 1000002 (was none)', '只适用于应用 1000002，这次不是从应用发来的'],
      ['apps 1000002 (was 1000003)', '只适用于应用 1000002，这次是应用 1000003'],
    ] as const
    for (const [why, told] of scopes) expect(scopeZh(why, names)).toBe(told)
    const said = (found: Finding) => tellAdmin(why([add([found])])).split('\n')[1]
    expect(said(finding('handler_after', 'both', { handler: 'fair', why: 'stopped by greets' }))).toBe(
      '· “春展欢迎”没有轮到：前面的“新客户欢迎”已拦下',
    )
    const ran = `ran ${at.toISOString()}, cooldown 10m`
    expect(said(finding('handler_cooldown', 'tag', { handler: 'fair', why: ran }))).toMatch(
      /还在冷却时间内（上次 11-21 10:32，冷却 10m）$/,
    )
  })

  it('turn conditions and lengths of time into Chinese', () => {
    expect(
      [
        'time.inOffice eq false (was true)',
        'follow.stage exists (was missing)',
        'follow.tags contains "VIP" (was ["新客户","春展 (二)"])',
        'not (state in ["a","b"] (was "b"))',
        'time.hour lt 9 (was 12); customer.name ne "" (was "")',
      ].map(conditionZh),
    ).toEqual([
      '只在下班时间生效，当时是上班时间',
      '客户阶段应有值，当时为空',
      '客户标签应含有“VIP”，当时是“新客户”“春展 (二)”',
      'not (渠道标识应是“a”“b”之一，当时是“b”)',
      '钟点应小于 9，当时是 12；客户昵称不应为“”，当时为空',
    ])
    expect(conditionZh('too many')).toBe('too many')
    expect([90_000, 150_000, 7_500_000].map(lengthZh)).toEqual(['90 秒', '3 分钟', '2 小时 5 分钟'])
  })
})

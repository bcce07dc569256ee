import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'

describe('a staff member who types to the app', () => {
  let sidekick: TestSidekick
  beforeAll(async () => {
    // A busy machine takes its time for an answer, of which the platform gives five seconds.
    sidekick = await startTestSidekick({ ADMIN_STAFF: 'zhouming', REPLY_BUDGET_MS: '4500' })
  })
  afterAll(() => sidekick.stop())

  async function says(text: string, answer: RegExp | string, userid = 'lina'): Promise<string> {
    const { chat } = sidekick
    await chat.staff(userid).says(text)
    return chat.expectReply(answer)
  }

  it('sees every command with what to type', async () => {
    const answer = await says('帮助', '你可以发这些命令')
    for (const command of [
      '客户 <名字>',
      '标签 <名字> +标签 -标签',
      '跟进 <名字> <内容>',
      '话术 <关键词>',
      '今日',
    ]) {
      expect(answer).toContain(command)
    }
  })

  it('sees how one command is used', async () => {
    await says('帮助 标签', /用法：标签 <名字> \+标签 -标签\n例如：标签 张三/)
  })

  it('finds a customer by nickname, by a part of the remark, and without a space', async () => {
    await says('客户 张三', /【滨江-张三 三居全屋（张三）】/)
    await says('客户 三居全屋', /张三/)
    await says('客户张三', /张三/)
    await says('ｋｈ　张三', /张三/)
  })

  it('hears what to write when the name is missing, unknown or shared', async () => {
    await says('客户', /缺少“名字”。\n用法：客户 <名字>/)
    await says('客户 查无此人', '没有找到叫“查无此人”的客户')
    const several = await says('客户 春展', /有 \d+ 位客户符合“春展”/)
    const [, number = ''] = /\n(\d+)\. .*\n/.exec(several) ?? []
    expect(several).toContain(`客户 春展#${number}`)
    await says(`客户 春展#${number}`, /【春展-/)
    const [, other = ''] = /标签 春展#(\d+) \+VIP$/.exec(await says('标签 春展 +VIP', '春展#')) ?? []
    expect(other).toBe(number)
    await says('跟进 查无此人 你好', '例如：跟进 张 你好')
  })

  it('keeps the number that somebody was listed with when more of the name come', async () => {
    const comes = (remark: string, day: number) =>
      sidekick.database.models.follows.create({
        ...{ corpId: sidekick.app.corpId, userid: 'lina', useridKey: 'lina', externalUserid: `wm${remark}` },
        ...{ remark, customerName: '小白', status: 'active', stage: '待跟进' },
        addedAt: new Date(Date.UTC(2026, 0, day)),
      })
    await comes('甲', 1)
    await comes('乙', 2)
    await says('客户 小白', /：\n2\. 乙（小白）\n1\. 甲（小白）\n/)
    await comes('丙', 3)
    await says('客户 小白', /：\n3\. 丙（小白）\n2\. 乙（小白）\n1\. 甲（小白）\n/)
    await says('客户 小白#2', /【乙（小白）】/)
  })

  it('sees only the own customers, a lead those of the team, an admin all', async () => {
    const { customers } = await sidekick.chat.state()
    const foreign = customers.find(
      one =>
        one.follows.length === 1 &&
        one.follows.every(follow => follow.userid === 'chenjie' || follow.userid === 'ZhangWei01'),
    )
    const name = foreign?.follows[0]?.remark || foreign?.name || ''
    expect(name).not.toBe('')
    await says(`客户 "${name}"`, '没有找到', 'lina')
    await says(`客户 "${name}"`, `【${name}`, 'zhouming')
  })

  it('marks and unmarks tags on the platform and in the database', async () => {
    await says('标签 张三 +VIP -春展', /加上：VIP\n去掉：春展/)
    await sidekick.chat.expectTag('VIP', '张三')
    await says('客户 张三', /标签：[^\n]*VIP/)
    await says('标签 张三 +VIP', '本来就是这样')
    await says('标签 张三 ＋春展 －VIP', /加上：春展\n去掉：VIP/)
  })

  it('is asked for what a tag command lacks, and told of near names', async () => {
    await says('标签', '缺少“名字”和“标签”。')
    await says('标签 张三', /缺少“标签”。/)
    await says('标签 张三 +VlP', /没有“VlP”这个标签，是不是想写：客户状态\/VIP/)
    await says('标签 张三 +其他', '请连同标签组一起写')
    await says('标签 查无此人 +VIP', '没有找到')
  })

  it('writes a follow-up that the customer then shows', async () => {
    await says('跟进 张三 明天下午 3 点回访，带上布料样册', '已记下对 滨江-张三 三居全屋 的跟进')
    await says('客户 张三', '明天下午 3 点回访，带上布料样册')
    await says('跟进 张三', '缺少“内容”')
  })

  it('finds talk scripts by word, pinyin and initials', async () => {
    await says('话术 退款', /【退款多久到账】/)
    await says('话术 tuikuan', '退款')
    await says('话术 tk', '退款')
    await says('话术 完全没有的词', '没有找到和“完全没有的词”有关的话术')
    await says('话术', '缺少“关键词”')
  })

  it('sees the day', async () => {
    await says('今日', /【今日 · 我的】\n新增客户 \d+　流失 \d+　写跟进 \d+/)
    await says('今日', '【今日 · 全公司】', 'zhouming')
  })

  it('is told of words too many, typed or behind the key of a menu entry, and nothing is done', async () => {
    await says('今日 谢谢', '多写了“谢谢”，没有执行。\n用法：今日')
    await says('今日 。', '【今日')
    await sidekick.chat.staff('lina').clicks('今日 昨天')
    await sidekick.chat.expectReply('多写了“昨天”')
    await says('标签 张三 +VIP 谢谢', '没有“谢谢”这个标签')
    expect(await says('客户 张三', /标签：/)).not.toMatch(/标签：[^\n]*VIP/)
  })

  it('is shown the nearest commands for a word that is none', async () => {
    await says('课户 张三', '· 客户 张三')
    await says('biaoqian', '· 标签 张三')
    await says('今曰', '· 今日')
    await says('你好呀', '发“帮助”看看我会做什么')
  })

  it('is answered whatever is typed', async () => {
    for (const odd of [
      '   ',
      '“',
      '+',
      '#1',
      '客户 (',
      '客户 .*',
      '客户 #1',
      '话术 [',
      '标签 + -',
      '🙂'.repeat(300),
      '客户 '.repeat(300),
    ]) {
      await says(odd, /./)
    }
  })

  it('is answered by a rule where no command was meant', async () => {
    await says('客户说要退货怎么办', '退货')
  })

  it('is told of a menu entry that nothing is meant for, and not its key', async () => {
    await sidekick.chat.staff('lina').clicks('NOPE')
    await sidekick.chat.expectReply(/^这个菜单还没有设置/)
  })

  it('uses the menu like the commands', async () => {
    await sidekick.chat.staff('lina').clicks('今日')
    await sidekick.chat.expectReply('【今日')
  })
})

describe('a command that takes longer than the response may wait', () => {
  let sidekick: TestSidekick
  beforeAll(async () => {
    sidekick = await startTestSidekick({ REPLY_BUDGET_MS: '0' })
  })
  afterAll(() => sidekick.stop())

  it('is answered by app message', async () => {
    const { reply } = await sidekick.chat.staff('lina').says('今日')
    expect(reply).toBeNull()
    await sidekick.chat.expectAppMessage('lina', '【今日')
  })
})

import { say, type Trouble, troubleEn, troubleZh } from './why-said.ts'

const gapReasons = {
  unattended: { en: 'no instance took callbacks', zh: '服务没有在接收事件' },
  refused: {
    en: 'events were refused because the inbox could not be written',
    zh: '数据库写不进去，事件被退回',
  },
} as const

/** What kept the add from being handled at all: it decides over welcome and tags alike. */
export const eventCodes = {
  gap: say<{ from: Date; to: Date; reason: keyof typeof gapReasons }>({
    en: (d, s) =>
      `its event never arrived: it fell into a gap from ${s.time(d.from)} to ${s.time(d.to)}, when ${gapReasons[d.reason].en}; a sync has found the customer since`,
    zh: (d, s) =>
      `没有收到添加事件：正好在 ${s.time(d.from)} 到 ${s.time(d.to)} 的中断里（${gapReasons[d.reason].zh}），客户是后来同步时发现的`,
    todo: {
      en: () => 'greet and tag by hand: WeCom sends an event three times and then forgets it',
      zh: () => '请成员手动补一句问候并打上标签：企业微信最多推送三次，之后不再补',
    },
  }),
  never_received: say({
    en: () =>
      'its event never arrived; a sync has found the customer, and no gap of ours is known for that time',
    zh: () => '没有收到添加事件，客户是同步时发现的；那段时间服务没有中断记录',
    todo: {
      en: () =>
        'check: the app is in 客户联系 → 可调用接口的应用, 外部联系人变更回调 is ticked, and the staff member is in the app’s visible range',
      zh: () =>
        '请核对三处：应用在“客户联系 → 可调用接口的应用”里；勾选了“外部联系人变更回调”；成员在应用可见范围内',
    },
  }),
  records_gone: say<{ from?: Date; before?: boolean }>({
    en: (d, s) =>
      d.before
        ? `no event of this add was ever handled here: it was before the records begin${d.from ? ` at ${s.time(d.from)}` : ''}, as with customers from before the installation`
        : `what was done then is not known any more: the records begin ${d.from ? `at ${s.time(d.from)}` : 'later'} (RETENTION_DAYS)`,
    zh: (d, s) =>
      d.before
        ? `这次添加早于本应用的记录${d.from ? `（从 ${s.time(d.from)} 开始）` : ''}，当时情况无从查起`
        : `当时的处理记录已过保留期，查不到原因了${d.from ? `（现有记录从 ${s.time(d.from)} 开始）` : ''}`,
  }),
  event_waiting: say<{ since: Date; behind?: string }>({
    en: (d, s) => `its event arrived at ${s.time(d.since)} and waits for its turn`,
    zh: (d, s) => `事件 ${s.time(d.since)} 已收到，正在排队处理`,
    todo: {
      en: () => 'look whether a worker is running, and how many events wait: /readyz',
      zh: () => '稍等再查；若一直排队，请运维人员查看服务状态',
    },
  }),
  event_retrying: say<{ attempts: number; next: Date; trouble: Trouble }>({
    en: (d, s) =>
      `its event is tried again at ${s.time(d.next)}, after ${d.attempts} attempts: ${troubleEn(d.trouble)}`,
    zh: (d, s) => `事件已处理 ${d.attempts} 次没有成功，${s.time(d.next)} 再试：${troubleZh(d.trouble)}`,
  }),
  event_dead: say<{ at?: Date; attempts: number; trouble: Trouble; event: string }>({
    en: (d, s) =>
      `its event was given up${d.at ? ` at ${s.time(d.at)}` : ''} after ${d.attempts} attempts: ${troubleEn(d.trouble)}`,
    zh: d => `事件处理了 ${d.attempts} 次仍失败，已放弃：${troubleZh(d.trouble)}`,
    todo: {
      en: d => `mend the cause, then sidekick inbox replay ${d.event}`,
      zh: () => '排除原因后，请运维人员重放这个事件',
    },
  }),
  relation_over: say<{ endedAt?: Date }>({
    en: (d, s) =>
      `the relation had ended${d.endedAt ? ` at ${s.time(d.endedAt)}` : ''}, or a newer one had begun, before the add was handled`,
    zh: (d, s) =>
      `处理时这段好友关系已经结束${d.endedAt ? `（${s.time(d.endedAt)}）` : ''}，或已有新的一次添加`,
  }),
  unexplained: say<{ event: string }>({
    en: d => `the event was handled and no record says what became of it: sidekick inbox show ${d.event}`,
    zh: () => '事件已处理，但没有留下结果记录，请运维人员查看事件详情',
  }),
} as const

import { byEn, byZh, conditionZh, type Speaker, say, scopeZh } from './why-said.ts'

interface Of {
  handler: string
}

/** Who stopped the event, of `stopped by <key>`. */
const stopper = (why: string, speaker: Speaker): string => {
  const key = /^stopped by (\S+)$/.exec(why)?.[1]
  return key === undefined ? '前面的处理器' : `前面的${speaker.handler(key)}`
}

/** Of `ran <moment>, cooldown 10m`. */
const cooldownZh = (why: string, speaker: Speaker): string => {
  const [, at = '', length] = /^ran (\S+), cooldown (\w+)$/.exec(why) ?? []
  return length === undefined ? '' : `（上次 ${speaker.time(new Date(at))}，冷却 ${length}）`
}

/** Why a handler that could have welcomed or tagged was passed over; see `Passed` in models/inbox-event.ts. */
export const handlerCodes = {
  handler_off: say<Of & { at?: Date; by?: string; onAt?: Date; onBy?: string }>({
    en: (d, s) =>
      `${s.handler(d.handler)} was off${d.at ? ` since ${s.time(d.at)}` : ''}${byEn(d.by, s)}${d.onAt ? `; it was switched on afterwards, at ${s.time(d.onAt)}${byEn(d.onBy, s)}` : ''}`,
    zh: (d, s) =>
      `${s.handler(d.handler)}当时是关闭的${d.at ? `（${s.time(d.at)} ${byZh(d.by, s)}关闭）` : ''}${d.onAt ? `，${s.time(d.onAt)} 才${byZh(d.onBy, s)}打开` : ''}`,
    todo: {
      en: d =>
        d.onAt ? 'nothing: it is for those who come from then on' : `sidekick handlers on ${d.handler}`,
      zh: (d, s) =>
        d.onAt
          ? '之后新加的客户会正常处理'
          : `如需启用，请发：处理器 开 ${s.handler(d.handler).replace(/[“”]/g, '')}`,
    },
  }),
  handler_not_yet: say<Of & { at: Date }>({
    en: (d, s) => `${s.handler(d.handler)} was published only afterwards, at ${s.time(d.at)}`,
    zh: (d, s) => `${s.handler(d.handler)} ${s.time(d.at)} 才发布，当时还没有`,
  }),
  handler_broken: say<Of & { why: string }>({
    en: (d, s) => `${s.handler(d.handler)} is broken and was left out${d.why ? `: ${d.why}` : ''}`,
    zh: (d, s) => `${s.handler(d.handler)}文档有错，当时没有运行${d.why ? `：${d.why}` : ''}`,
    todo: {
      en: d => `sidekick handlers show ${d.handler} names the problems`,
      zh: () => '请运维人员修正后重新发布',
    },
  }),
  handler_paused: say<Of>({
    en: (d, s) => `${s.handler(d.handler)} did not run: all handlers were paused`,
    zh: (d, s) => `${s.handler(d.handler)}没有运行：当时全部处理器已暂停`,
  }),
  handler_dry_run: say<Of>({
    en: (d, s) => `${s.handler(d.handler)} was made a dry run after it had begun`,
    zh: (d, s) => `${s.handler(d.handler)}中途改成了试运行`,
  }),
  handler_match: say<Of & { why: string }>({
    en: (d, s) => `${s.handler(d.handler)} is for others: ${d.why}`,
    zh: (d, s) => `${s.handler(d.handler)}不适用于这次添加：${conditionZh(d.why)}`,
  }),
  handler_scope: say<Of & { why: string; userid: string }>({
    en: (d, s) => `${s.handler(d.handler)} is not for ${s.staff(d.userid)}${d.why ? `: ${d.why}` : ''}`,
    zh: (d, s) =>
      `${s.handler(d.handler)}${d.why ? scopeZh(d.why, s) : `的适用范围不含${s.staff(d.userid)}`}`,
  }),
  handler_when: say<Of & { why: string }>({
    en: (d, s) => `${s.handler(d.handler)}: its condition did not hold: ${d.why}`,
    zh: (d, s) => `${s.handler(d.handler)}的条件不成立：${conditionZh(d.why)}`,
  }),
  handler_after: say<Of & { why: string }>({
    en: (d, s) => `${s.handler(d.handler)} did not see it: ${d.why || 'an earlier handler stops the rest'}`,
    zh: (d, s) => `${s.handler(d.handler)}没有轮到：${stopper(d.why, s)}已拦下`,
    todo: {
      en: () => 'give it a lower priority number, or the other one after: continue',
      zh: () => '若不该拦，请运维人员调整先后（priority），或让前面那个处理后继续（after: continue）',
    },
  }),
  handler_cooldown: say<Of & { why: string }>({
    en: (d, s) => `${s.handler(d.handler)} had run for this pair a moment ago${d.why ? `: ${d.why}` : ''}`,
    zh: (d, s) => `${s.handler(d.handler)}对这位客户刚运行过，还在冷却时间内${cooldownZh(d.why, s)}`,
  }),
  handler_loop: say<Of & { why: string }>({
    en: (d, s) =>
      `${s.handler(d.handler)} was held back by the guard against loops${d.why ? `: ${d.why}` : ''}`,
    zh: (d, s) => `${s.handler(d.handler)}短时间内对这位客户运行过多，被循环保护拦下`,
    todo: {
      en: () => 'look for handlers that set each other off',
      zh: () => '请运维人员检查是不是有处理器互相触发',
    },
  }),
} as const

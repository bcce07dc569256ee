import {
  byEn,
  byZh,
  conditionZh,
  errcodeEn,
  lengthEn,
  lengthZh,
  say,
  shown,
  type Trouble,
  troubleEn,
  troubleZh,
} from './why-said.ts'

/** Why an add may have brought no code (`path/92137`, `path/92130`). */
export const noCodeCauses = {
  console: {
    en: 'the admin console has a welcome of its own for this staff member',
    zh: '管理后台给这位成员设了欢迎语',
  },
  chat: { en: 'the two had begun to chat', zh: '双方已经开始聊天' },
  again: {
    en: 'the staff member had this customer before, and the two may have chatted then',
    zh: '这位成员以前就加过这位客户，双方可能早已聊过',
  },
  half: {
    en: 'the code came with the customer’s request, before it was confirmed',
    zh: '对方申请时已经下发过凭证，通过后不再下发',
  },
  colleague: { en: 'the customer is a WeCom user of another company', zh: '对方是其他企业的企业微信用户' },
} as const
export type NoCodeCause = keyof typeof noCodeCauses

const listEn = (causes: readonly NoCodeCause[]): string => causes.map(one => noCodeCauses[one].en).join('; ')
const listZh = (causes: readonly NoCodeCause[]): string => causes.map(one => noCodeCauses[one].zh).join('；')

/** How a welcome ended, as the platform or the ledger has it. The first finding of an add decides its verdict. */
export const welcomeCodes = {
  sent: say<{
    at?: Date
    handler?: string
    text?: string
    attachments: number
    cut?: boolean
    missing?: string[]
    fallback?: boolean
    through?: 'confirmation' | 'archive'
  }>({
    en: (d, s) =>
      [
        `sent${d.at ? ` at ${s.time(d.at)}` : ''}${d.handler ? ` by ${s.handler(d.handler)}` : ''}`,
        d.text ? `: ${JSON.stringify(shown(d.text))}` : '',
        d.attachments > 0 ? `, with ${d.attachments} attachments` : '',
        d.cut ? ', with its end cut off at 4,000 bytes, the most that the platform takes' : '',
        d.missing?.length ? `, without ${d.missing.join(', ')}, which could not be had` : '',
        d.fallback ? ', by its fallback text' : '',
        d.through
          ? `, with the code that came with the ${d.through === 'archive' ? 'consent to the archive' : 'confirmation'}`
          : '',
      ].join(''),
    zh: (d, s) =>
      [
        `${d.at ? `${s.time(d.at)} ` : ''}${d.handler ? `由${s.handler(d.handler)}` : ''}发出`,
        d.text ? `：“${shown(d.text)}”` : '',
        d.attachments > 0 ? `，附件 ${d.attachments} 个` : '',
        d.cut ? '，正文超过企业微信的上限 4,000 字节，超出的部分没有发出' : '',
        d.missing?.length ? `，缺素材 ${d.missing.join('、')}` : '',
        d.fallback ? '，用的是备用文案' : '',
        d.through ? `，用的是${d.through === 'archive' ? '同意会话存档' : '通过申请'}时下发的凭证` : '',
      ].join(''),
  }),
  spare: say<{ event: string }>({
    en: () =>
      'another code for the same add was left unused, because one welcome is all that the platform delivers',
    zh: () => '这次添加还有一个欢迎语凭证没有用：一次添加只发一条欢迎语',
  }),
  came_second: say<{ handler: string; by: string }>({
    en: (d, s) =>
      `${s.handler(d.handler)} had a welcome as well: an add gets one, and that of ${s.handler(d.by)} came first`,
    zh: (d, s) => `${s.handler(d.handler)}也有欢迎语，但一次添加只发一条，先轮到${s.handler(d.by)}`,
  }),
  sending: say<{ since: Date }>({
    en: (d, s) => `is being sent since ${s.time(d.since)}`,
    zh: (d, s) => `${s.time(d.since)} 起正在发送`,
  }),
  uncertain: say<{ attempts: number; trouble?: Trouble }>({
    en: d =>
      `the platform was asked ${d.attempts} times and nobody heard its answer${d.trouble ? `: ${troubleEn(d.trouble)}` : ''}; the welcome may have arrived`,
    zh: d =>
      `向企业微信请求了 ${d.attempts} 次，没有等到答复${d.trouble ? `（${troubleZh(d.trouble)}）` : ''}，客户可能收到了`,
    todo: {
      en: () => 'look into the chat before anybody writes again',
      zh: () => '先看一下聊天窗口，再决定要不要补一句',
    },
  }),
  already: say<{ at?: Date; attempts: number }>({
    en: d =>
      `the platform says that the chat had begun or that another app had sent its welcome (41051)${d.attempts > 1 ? `; an earlier attempt of ours out of ${d.attempts} may have arrived` : ''}`,
    zh: d =>
      `企业微信返回 41051：双方已开口，或别的应用已经发过欢迎语${d.attempts > 1 ? `；也可能是我们前 ${d.attempts - 1} 次请求中已有一次送达` : ''}`,
    todo: {
      en: () => 'look which other app of the corp answers new customers, and switch one of the two off',
      zh: () => '看看企业里还有哪个应用在发欢迎语，只留一个',
    },
  }),
  code_expired: say<{ at?: Date; lateMs: number; arrivedMs: number; trouble?: Trouble; again?: Date }>({
    en: (d, s) =>
      d.again
        ? `the event was handled once more at ${s.time(d.again)}, ${lengthEn(d.lateMs)} after the add, when its code had run out (41050), as it does after 20 s`
        : `the code had run out (41050): it lives 20 s, the attempt came ${lengthEn(d.lateMs)} after the add${d.arrivedMs > 5_000 ? `, and the event itself arrived ${lengthEn(d.arrivedMs)} after it` : ''}${d.trouble ? `; the attempt before had failed: ${troubleEn(d.trouble)}` : ''}`,
    zh: (d, s) =>
      d.again
        ? `${s.time(d.again)} 重新处理了这个事件，离添加已过 ${lengthZh(d.lateMs)}，欢迎语凭证早已失效（41050，有效期 20 秒）`
        : `欢迎语凭证已失效（41050）：有效期 20 秒，发送时离添加已过 ${lengthZh(d.lateMs)}${d.arrivedMs > 5_000 ? `，其中事件送到时已过 ${lengthZh(d.arrivedMs)}` : ''}${d.trouble ? `；上一次没有发成：${troubleZh(d.trouble)}` : ''}`,
    todo: {
      en: d =>
        d.arrivedMs > 5_000
          ? 'look for a gap in that time: sidekick inbox gaps'
          : 'look at how long things took in that minute: /metrics, and the log',
      zh: d =>
        d.arrivedMs > 5_000 ? '请运维人员查看那段时间服务是否中断' : '请运维人员查看当时为什么处理得慢',
    },
  }),
  archive_pending: say({
    en: () =>
      'the customer has not agreed to the chat archive yet (41053); the code that comes with the consent is used',
    zh: () => '客户还没有同意会话存档（41053）；同意后会下发新的凭证，到时自动发送',
  }),
  other_app: say<{ attempts: number; over: boolean }>({
    en: d =>
      `another app of the corp was sending its welcome at that moment (41096), at each of ${d.attempts} attempts${d.over ? '' : '; it is tried again'}`,
    zh: d => `另一个应用正在发欢迎语（41096），试了 ${d.attempts} 次都这样${d.over ? '' : '，还会再试'}`,
    todo: { en: () => 'have only one app of the corp send welcomes', zh: () => '企业里只留一个应用发欢迎语' },
  }),
  platform_refused: say<{ errcode: number; hint: string; errmsg?: string }>({
    en: d => `the platform refused it: ${errcodeEn(d.errcode, d.errmsg)}`,
    zh: d => `企业微信返回 ${d.errcode}：${d.hint}`,
  }),
  colleague: say<{ corpName?: string }>({
    en: d =>
      `no code came: the customer is a WeCom user of another company${d.corpName ? ` (${d.corpName})` : ''}, for whom there never is one`,
    zh: d =>
      `对方是其他企业${d.corpName ? `（${d.corpName}）` : ''}的企业微信用户，企业微信从不为这类客户下发欢迎语凭证（welcome_code）`,
  }),
  no_code: say<{ possible: NoCodeCause[]; excluded: NoCodeCause[] }>({
    en: d =>
      `no code came with the add. Possible: ${listEn(d.possible)}${d.excluded.length > 0 ? `. Excluded: ${listEn(d.excluded)}` : ''}`,
    zh: d =>
      `企业微信没有给这次添加下发欢迎语凭证（welcome_code）。可能：${listZh(d.possible)}${d.excluded.length > 0 ? `。已排除：${listZh(d.excluded)}` : ''}`,
    todo: {
      en: d =>
        d.possible.includes('console')
          ? 'look into the admin console: 客户联系 → 聊天工具 → 欢迎语'
          : 'nothing: the chat goes on by itself',
      zh: d =>
        d.possible.includes('console')
          ? '到管理后台“客户联系 → 聊天工具 → 欢迎语”看看有没有给这位成员设置'
          : '不用处理',
    },
  }),
  no_handler: say<{ handlers: number }>({
    en: d =>
      d.handlers === 0
        ? 'no handler sends welcomes'
        : `none of the ${d.handlers} handlers that send welcomes matched`,
    zh: d => (d.handlers === 0 ? '没有发欢迎语的处理器' : `${d.handlers} 个发欢迎语的处理器都没有匹配上`),
    todo: {
      en: d =>
        d.handlers === 0
          ? 'publish one: docs/handlers.md'
          : 'mend the condition that should have let it through',
      zh: d =>
        d.handlers === 0 ? '请运维人员发布一个欢迎处理器' : '如果本该匹配，请运维人员修改对应处理器的条件',
    },
  }),
  paused: say<{ at?: Date; by?: string; stillPaused: boolean }>({
    en: (d, s) =>
      `all handlers were paused${d.at ? ` since ${s.time(d.at)}` : ''}${byEn(d.by, s)}${d.stillPaused ? ', and still are' : ''}`,
    zh: (d, s) =>
      `当时全部处理器已暂停${d.at ? `（${s.time(d.at)} 起，${byZh(d.by, s)}暂停）` : ''}${d.stillPaused ? '，现在仍在暂停' : ''}`,
    todo: {
      en: d =>
        d.stillPaused
          ? 'sidekick handlers resume'
          : 'sidekick inbox replay does what was left, all but the welcome',
      zh: d => (d.stillPaused ? '发“恢复”继续运行' : '期间漏掉的标签可请运维人员重放事件补上，欢迎语补不了'),
    },
  }),
  step_failed: say<{ handler: string; step: string; trouble: Trouble }>({
    en: (d, s) => `step ${d.step} of ${s.handler(d.handler)} failed: ${troubleEn(d.trouble)}`,
    zh: (d, s) => `${s.handler(d.handler)}的步骤 ${d.step} 失败：${troubleZh(d.trouble)}`,
  }),
  step_if_false: say<{ handler: string; step: string; why: string }>({
    en: (d, s) => `step ${d.step} of ${s.handler(d.handler)} was left out by its condition: ${d.why}`,
    zh: (d, s) => `${s.handler(d.handler)}的步骤 ${d.step} 因条件不成立跳过：${conditionZh(d.why)}`,
  }),
  step_not_reached: say<{ handler: string; step: string; by: string; trouble: Trouble }>({
    en: (d, s) =>
      `step ${d.step} of ${s.handler(d.handler)} was not reached, because step ${d.by} failed before it: ${troubleEn(d.trouble)}`,
    zh: (d, s) =>
      `${s.handler(d.handler)}没有执行到步骤 ${d.step}：前面的步骤 ${d.by} 失败（${troubleZh(d.trouble)}）`,
    todo: {
      en: d => `with onError: continue at ${d.by} the rest runs nevertheless`,
      zh: d => `若希望后面的步骤照常执行，请运维人员把 ${d.by} 的 onError 设为 continue`,
    },
  }),
  step_stopped: say<{ handler: string; step: string }>({
    en: (d, s) =>
      `step ${d.step} of ${s.handler(d.handler)} was left out: a stop step ended the run before it`,
    zh: (d, s) => `${s.handler(d.handler)}在步骤 ${d.step} 之前就按设置停止了`,
  }),
  left: say<{ handler: string; reason: 'failed' | 'skipped'; errcode?: number; errmsg?: string }>({
    en: (d, s) =>
      d.reason === 'failed'
        ? `${s.handler(d.handler)} failed when the event was handled first${d.errcode === undefined ? '' : `: ${errcodeEn(d.errcode, d.errmsg)}`}`
        : `${s.handler(d.handler)} left its welcome out when the event was handled first`,
    zh: (d, s) =>
      d.reason === 'failed'
        ? `第一次处理时${s.handler(d.handler)}没有执行成功${d.errcode === undefined ? '' : `：企业微信返回 ${d.errcode}`}`
        : `第一次处理时${s.handler(d.handler)}跳过了欢迎语`,
  }),
  dry_run: say<{ handler: string }>({
    en: (d, s) => `${s.handler(d.handler)} ran as a dry run: nothing was done`,
    zh: (d, s) => `${s.handler(d.handler)}处于试运行，只记录、不执行`,
    todo: {
      en: () => 'publish it with run.dryRun: false',
      zh: () => '确认无误后，请运维人员把 run.dryRun 改为 false 再发布',
    },
  }),
} as const

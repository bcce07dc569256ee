import type { ListedHandler } from '../handlers/list.ts'
import type { Pausing } from '../handlers/pause.ts'
import type { HandlerState } from '../handlers/state.ts'
import type { HandlerVoice } from './handler-voice.ts'
import { shorten } from './texts.ts'

const states = { on: '开', off: '关', broken: '有问题，没在运行', draft: '草稿' } as const satisfies Record<
  HandlerState,
  string
>

/** What admins are told about handlers. */
export const handlerTexts = {
  /**
   * @param named what `found` was looked for by; without it the commands that are on take one line
   * @param failed those whose last run failed, by key
   */
  list(
    { all, found, named }: Record<'all' | 'found', readonly ListedHandler[]> & { named: string },
    { paused, failed }: Pick<Pausing, 'paused'> & { failed: ReadonlySet<string> },
    voice: HandlerVoice,
  ): string {
    const count = all.filter(one => one.state === 'on').length
    const folded = named === '' ? found.filter(one => isPlainCommand(one) && !failed.has(one.key)) : []
    const shown = found.filter(one => !folded.includes(one))
    return [
      ...(paused
        ? [
            `现在是暂停状态（${voice.who(paused.by)}，${voice.at(paused.at)}），除命令外都不运行。发“恢复”继续运行。`,
            '',
          ]
        : []),
      found.length === all.length
        ? `共 ${all.length} 个处理器，已开启 ${count} 个：`
        : `“${shorten(named)}”有 ${found.length} 个处理器：`,
      ...shown.map(
        one =>
          `${one.number}. ${one.title}　${stateText(one, voice)}${failed.has(one.key) ? '（最近一次失败）' : ''}`,
      ),
      ...(folded.length > 0 ? [`命令 ${folded.length} 个，均已开启，看全部请发：处理器 列表 命令`] : []),
      '',
      '打开或关闭请发：处理器 开 <名字或序号>、处理器 关 <名字或序号>',
    ].join('\n')
  },
  /** @param name by which it can be told from all others */
  switched({ title, dryRun }: ListedHandler, on: boolean, name: string): string {
    return on
      ? `已打开：${title}${dryRun ? '（试运行，只记录不执行）' : ''}\n关掉请发：处理器 关 ${name}`
      : `已关闭：${title}\n再打开请发：处理器 开 ${name}`
  },
  switchedAlready({ title, switched }: ListedHandler, on: boolean, voice: HandlerVoice): string {
    const last = switched && `（${voice.who(switched.by)}，${voice.at(switched.at)}）`
    return `“${title}”已经是${on ? '开启' : '关闭'}状态${last ?? ''}。`
  },
  unnamed: (on: boolean): string =>
    `要${on ? '打开' : '关闭'}哪一个？请写名字或列表里的序号，例如：处理器 ${on ? '开' : '关'} 欢迎新客户\n看有哪些请发：处理器 列表`,
  unknown: (name: string, near: readonly ListedHandler[]): string =>
    near.length === 0
      ? `没有叫“${shorten(name)}”的处理器。看有哪些请发：处理器 列表`
      : `没有叫“${shorten(name)}”的处理器，是不是：\n${lines(near)}`,
  ambiguous: (name: string, found: readonly ListedHandler[], shown: number): string =>
    [
      `有 ${found.length} 个处理器符合“${shorten(name)}”：`,
      lines(found.slice(0, shown)),
      ...(found.length > shown ? ['…'] : []),
      '请把名字写完整一些，或者写前面的序号。',
    ].join('\n'),
  runUnnamed: '要运行哪一个？请写名字或列表里的序号，例如：处理器 运行 早报\n看有哪些请发：处理器 列表',
  notStartable: (title: string): string =>
    `“${title}”不是手动或定时处理器，不能这样运行：它由自己的触发条件启动。`,
  runOff: (title: string, key: string): string => `处理器“${title}”已关闭。请先发：处理器 开 ${key}`,
  runPaused: '处理器已全部暂停。请先发：恢复',
  /** @param of whose customer, where not the asker's own */
  started: (title: string, customer?: string, of?: string): string =>
    customer === undefined
      ? `已开始运行“${title}”。`
      : `已开始为${of === undefined ? '' : `${spaced(of)}的客户`} ${customer} 运行“${title}”。`,
  willNotRun: (title: string, why: string): string =>
    `“${title}”不会运行：${why.replaceAll('当时', '现在')}。`,
  runForWhom: (title: string, name: string): string =>
    `“${title}”需要指定客户，例如：处理器 运行 ${/\s/.test(name) ? `“${name}”` : name} 张三`,
  itself: '“处理器”这个命令不能在这里关掉：关了就没法再用它把别的打开。\n要让其他处理器都停下，请发：暂停',
  needed: (title: string): string => `“${title}”不能在这里关掉：要用它来暂停或恢复全部处理器。`,
  draft: (title: string): string => `“${title}”还是草稿，没有发布过，请先由运维发布。`,
  broken: (title: string, key: string): string =>
    `“${title}”的内容有错，不能运行。请让运维用 sidekick handlers show ${key} 看哪里不对。`,
  paused: '已暂停全部处理器（命令除外），也不再发欢迎语。\n恢复请发：恢复',
  pausedAlready: (by: string, at: string): string => `已经是暂停状态了（${by}，${at}）。\n恢复请发：恢复`,
  resumed: (by: string, at: string): string =>
    `已恢复，处理器从现在起照常运行（之前由${spaced(by)}在 ${at} 暂停）。\n暂停期间的事件不会自动补处理。再暂停请发：暂停`,
  notPaused: '没有暂停，处理器都在照常运行。',
}

/** Nobody needs to be shown that a command runs as ever. */
function isPlainCommand({ trigger, state, dryRun, draft }: ListedHandler): boolean {
  return trigger === 'command' && state === 'on' && !dryRun && !draft
}

function stateText({ state, dryRun, draft, switched }: ListedHandler, voice: HandlerVoice): string {
  const last = state === 'off' && switched ? `（${voice.who(switched.by)}，${voice.at(switched.at)}）` : ''
  const trial = state === 'on' && dryRun ? '，试运行' : ''
  return `${states[state]}${trial}${last}${draft && state !== 'draft' ? '，另有草稿' : ''}`
}

/** A userid, where no name is known, stands apart from the Chinese around it. */
function spaced(name: string): string {
  return /^[\x20-\x7e]+$/.test(name) ? ` ${name} ` : name
}

function lines(handlers: readonly ListedHandler[]): string {
  return handlers.map(one => `${one.number}. ${one.title}`).join('\n')
}

import type { Follow } from '../../models/follow.ts'

/** What the built-in actions say to staff. */
export const texts = {
  nameless: '（未填昵称）',
  customerUnnamed: '请写上客户的名字或备注，例如：客户 张三',
  /** @param example what to type instead */
  customerUnknown: (name: string, example = '客户 张'): string =>
    `没有找到叫“${shorten(name)}”的客户。\n可以只写名字或备注里的一部分，例如：${example}`,
  noSuchOrdinal: (name: string, count: number): string => {
    if (count === 0) return texts.customerUnknown(name)
    return count === 1
      ? `“${shorten(name)}”只找到 1 位客户，直接写名字就可以，不用加序号。`
      : `“${shorten(name)}”只找到 ${count} 位客户，序号请写 1 到 ${count}。`
  },
  /** @param listed with their numbers @param example what to type instead */
  customerAmbiguous: (
    name: string,
    listed: readonly string[],
    total: number,
    example = `客户 ${name}#1`,
  ): string =>
    [
      `有 ${total} 位客户符合“${shorten(name)}”：`,
      ...listed,
      ...(total > listed.length ? ['…'] : []),
      [...name].length > 20
        ? `请写完整一些，或在名字后加序号，例如 ${/#\d+/.exec(example)?.[0] ?? '#1'}`
        : `请写完整一些，或在名字后加序号，例如：${example}`,
    ].join('\n'),
  tagUnknown: (name: string, near: readonly string[]): string =>
    near.length === 0
      ? `没有“${shorten(name)}”这个标签。新标签请由管理员在企业微信后台添加。`
      : `没有“${shorten(name)}”这个标签，是不是想写：${near.join('、')}？`,
  tagAmbiguous: (name: string, groups: readonly string[]): string =>
    `有 ${groups.length} 个标签叫“${name}”，请连同标签组一起写：${groups.map(group => `${group}/${name}`).join('、')}`,
  tagsMissing: '请写上要加或要去掉的标签，例如：标签 张三 +VIP -潜在客户',
  tagged: (name: string, added: readonly string[], removed: readonly string[]): string =>
    [
      `已更新 ${name} 的标签`,
      ...(added.length > 0 ? [`加上：${added.join('、')}`] : []),
      ...(removed.length > 0 ? [`去掉：${removed.join('、')}`] : []),
    ].join('\n'),
  tagsUnchanged: (name: string): string => `${name} 的标签本来就是这样，没有改动。`,
  noted: (name: string, text: string): string => `已记下对 ${name} 的跟进：\n${text}`,
  staged: (name: string, from: string, to: string): string => `已把 ${name} 的阶段由“${from}”改为“${to}”。`,
  stageUnchanged: (name: string, stage: string): string => `${name} 本来就在“${stage}”阶段，没有改动。`,
  remarked: (name: string, remark: string): string => `已把 ${name} 的备注改为“${remark}”。`,
  scriptUnknown: (query: string): string =>
    `没有找到和“${shorten(query)}”有关的话术。\n换个词试试，也可以用拼音首字母，例如：话术 th（退换）`,
  platformRefused: (hint: string): string => `企业微信没有接受这次操作：${hint}`,
  coolingDown: (command: string, seconds: number): string =>
    `“${command}”刚用过，请 ${inWords(seconds)}后再发。`,
  unfit: '有一步要发的内容不合要求，没有办成。请联系管理员。',
  runFailed: (title: string, answers: string, partly: boolean): string =>
    `${partly ? `“${title}”有一部分没有办成` : `“${title}”没有运行成功`}：\n${answers}`,
  partlyFailed: (answers: string): string => `有一部分没有办成：\n${answers}`,
  failed: '刚才出了点问题，没有办成。请稍后再试一次；还不行就联系管理员。',
}

/** `40 秒`, `3 分钟`, `2 小时`, `5 天`, never less than it is. */
function inWords(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} 秒`
  if (seconds < 3_600) return `${Math.ceil(seconds / 60)} 分钟`
  if (seconds < 86_400) return `${Math.ceil(seconds / 3_600)} 小时`
  return `${Math.ceil(seconds / 86_400)} 天`
}

/** A name as it is listed: the remark, and the nickname where it differs. */
export function fullName(follow: Pick<Follow, 'remark' | 'customerName'>): string {
  const { remark, customerName } = follow
  if (remark !== '' && customerName !== '' && remark !== customerName) return `${remark}（${customerName}）`
  return remark || customerName || texts.nameless
}

/** Keeps what a person typed recognisable without repeating a whole essay. */
export function shorten(text: string, max = 20): string {
  const characters = [...text]
  return characters.length <= max ? text : `${characters.slice(0, max).join('')}…`
}

import { conditionZh, say, type Trouble, troubleEn, troubleZh } from './why-said.ts'

interface Of {
  handler: string
  step: string
}

const list = (names: readonly string[]): string => names.join('、')

/** What became of a step that marks tags. */
export const tagCodes = {
  tagged: say<Of & { added: string[]; at?: Date }>({
    en: (d, s) =>
      `${s.handler(d.handler)} marked ${d.added.join(', ')}${d.at ? ` at ${s.time(d.at)}` : ''} (step ${d.step})`,
    zh: (d, s) => `${s.handler(d.handler)}${d.at ? ` ${s.time(d.at)} ` : ''}打上了 ${list(d.added)}`,
  }),
  tag_held: say<Of>({
    en: (d, s) =>
      `${s.handler(d.handler)} had nothing to mark: the pair bore the tags already (step ${d.step})`,
    zh: (d, s) => `${s.handler(d.handler)}没有改动：标签本来就有`,
  }),
  tag_gone: say<Of & { gone: string[]; at?: Date }>({
    en: (d, s) =>
      `${s.handler(d.handler)} marked ${d.gone.join(', ')}${d.at ? ` at ${s.time(d.at)}` : ''}, and it was taken off since`,
    zh: (d, s) =>
      `${s.handler(d.handler)}${d.at ? ` ${s.time(d.at)} ` : ''}打过 ${list(d.gone)}，后来被去掉了`,
  }),
  tag_awaits: say<Of>({
    en: (d, s) =>
      `step ${d.step} of ${s.handler(d.handler)} waits until the staff member confirms the customer’s request; before that the platform takes no tags (84061)`,
    zh: (d, s) => `${s.handler(d.handler)}在等成员通过对方的添加申请，通过之前平台不让打标签（84061）`,
    todo: {
      en: () => 'have the staff member confirm it; the step goes on by itself',
      zh: () => '请成员通过申请，之后会自动打上',
    },
  }),
  tag_unknown: say<Of & { trouble: Trouble }>({
    en: (d, s) =>
      `step ${d.step} of ${s.handler(d.handler)} names a tag that the corp does not have: ${d.trouble.message}`,
    zh: (d, s) => `${s.handler(d.handler)}要打的标签不存在：${troubleZh(d.trouble)}`,
    todo: {
      en: () => 'create the tag, or mend its name in the handler',
      zh: () => '在企业微信后台建好这个标签，或请运维人员改正处理器里的名字',
    },
  }),
  tag_ambiguous: say<Of & { trouble: Trouble }>({
    en: (d, s) =>
      `step ${d.step} of ${s.handler(d.handler)} names a tag that several groups have: ${d.trouble.message}`,
    zh: (d, s) => `${s.handler(d.handler)}里的标签名不唯一：${troubleZh(d.trouble)}`,
    todo: {
      en: () => 'name it with its group, like 渠道/春展',
      zh: () => '请运维人员在处理器里连同标签组一起写，例如 渠道/春展',
    },
  }),
  tag_failed: say<Of & { trouble: Trouble }>({
    en: (d, s) => `step ${d.step} of ${s.handler(d.handler)} failed: ${troubleEn(d.trouble)}`,
    zh: (d, s) => `${s.handler(d.handler)}打标签失败：${troubleZh(d.trouble)}`,
  }),
  tag_uncertain: say<Of & { trouble?: Trouble }>({
    en: (d, s) =>
      `nobody heard the end of step ${d.step} of ${s.handler(d.handler)}${d.trouble ? `: ${troubleEn(d.trouble)}` : ''}; the tags may be there`,
    zh: (d, s) =>
      `${s.handler(d.handler)}打标签时没有等到答复${d.trouble ? `（${troubleZh(d.trouble)}）` : ''}，不确定有没有打上`,
  }),
  tag_retrying: say<Of & { attempts: number; trouble?: Trouble }>({
    en: (d, s) =>
      `step ${d.step} of ${s.handler(d.handler)} has been tried ${d.attempts} times and is tried again${d.trouble ? `: ${troubleEn(d.trouble)}` : ''}`,
    zh: (d, s) =>
      `${s.handler(d.handler)}打标签试了 ${d.attempts} 次，还会再试${d.trouble ? `：${troubleZh(d.trouble)}` : ''}`,
  }),
  tag_not_reached: say<Of & { by: string; trouble: Trouble }>({
    en: (d, s) =>
      `step ${d.step} of ${s.handler(d.handler)} was not reached, because step ${d.by} failed before it: ${troubleEn(d.trouble)}`,
    zh: (d, s) =>
      `${s.handler(d.handler)}没有执行到打标签：前面的步骤 ${d.by} 失败（${troubleZh(d.trouble)}）`,
    todo: {
      en: d => `with onError: continue at ${d.by} the rest runs nevertheless`,
      zh: d => `若希望照样打标签，请运维人员把 ${d.by} 的 onError 设为 continue`,
    },
  }),
  tag_left: say<Of & { trouble: Trouble }>({
    en: (d, s) =>
      `step ${d.step} of ${s.handler(d.handler)} was still to be done when its run ended: ${troubleEn(d.trouble)}`,
    zh: (d, s) => `${s.handler(d.handler)}还没轮到打标签就结束了：${troubleZh(d.trouble)}`,
    todo: {
      en: () => 'when that is mended, replay the event of the add: its run goes on',
      zh: () => '处理好之后，请运维人员重放这次添加的事件，会接着做完',
    },
  }),
  tag_if_false: say<Of & { why: string }>({
    en: (d, s) => `step ${d.step} of ${s.handler(d.handler)} was left out by its condition: ${d.why}`,
    zh: (d, s) => `${s.handler(d.handler)}的打标签步骤因条件不成立跳过：${conditionZh(d.why)}`,
  }),
  tag_dry_run: say<Of & { would?: string }>({
    en: (d, s) =>
      `${s.handler(d.handler)} ran as a dry run; it would have done ${d.would ?? `step ${d.step}`}`,
    zh: (d, s) => `${s.handler(d.handler)}处于试运行，没有真的打标签`,
    todo: {
      en: () => 'publish it with run.dryRun: false',
      zh: () => '确认无误后，请运维人员把 run.dryRun 改为 false 再发布',
    },
  }),
  tag_cooldown: say<Of>({
    en: (d, s) =>
      `step ${d.step} of ${s.handler(d.handler)} was left out: it had run for this pair a moment ago (cooldown)`,
    zh: (d, s) => `${s.handler(d.handler)}对这位客户刚运行过，还在冷却时间内，这次没有打标签`,
  }),
  tag_stopped: say<Of>({
    en: (d, s) =>
      `step ${d.step} of ${s.handler(d.handler)} was left out: a stop step ended the run before it`,
    zh: (d, s) => `${s.handler(d.handler)}在打标签之前就按设置停止了`,
  }),
  tag_too_late: say<Of>({
    en: (d, s) => `step ${d.step} of ${s.handler(d.handler)} was not done: the relation ended before it`,
    zh: (d, s) => `${s.handler(d.handler)}还没打上标签，好友关系就结束了`,
  }),
} as const

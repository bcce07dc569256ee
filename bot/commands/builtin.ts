/** A command of one action whose output has a `text`, and the answer that says it. */
function command(
  key: string,
  title: string,
  trigger: object,
  priority: number,
  action: string,
  parameters: Record<string, unknown>,
): Record<string, unknown> {
  return {
    schemaVersion: 1,
    key,
    title,
    trigger,
    priority,
    steps: [
      { id: 'act', action, with: parameters },
      { id: 'answer', action: 'reply', with: { text: '{{ steps.act.output.text }}' } },
    ],
  }
}

/** Whether the first word behind a command is one of these. */
const isOneOf = (words: readonly string[]) => ({ path: 'args.act', is: 'in', value: words })
const isGiven = { path: 'args.act', is: 'exists' }
const acts = {
  list: ['列表', '全部', '状态', 'list'],
  on: ['开', '打开', '启用', 'on'],
  off: ['关', '关闭', '停用', 'off'],
  run: ['运行', '执行', 'run'],
  why: ['为什么', '为啥'],
} as const
const known = Object.values(acts).flat()

/** A title or a customer's name may be of several words; only 运行 has something behind the name. */
const wholeName = '{{ args.name }} {{ args.more }}'

/** 处理器 列表|开|关|运行|为什么: one handler whose steps each look at the first word. */
const handlersCommand: Record<string, unknown> = {
  schemaVersion: 1,
  key: 'command-handlers',
  title: '管理处理器',
  trigger: {
    command: '处理器',
    aliases: ['规则', 'clq'],
    args: [
      { name: 'act', title: '列表/开/关/运行/为什么', type: 'word', required: false },
      { name: 'name', title: '名字', type: 'word', required: false },
      { name: 'more', title: '客户', type: 'rest', required: false },
    ],
    roles: ['admin'],
    summary: '看有哪些处理器，打开、关闭或运行，查欢迎语和标签',
    example: '处理器 关 欢迎新客户',
  },
  priority: 70,
  steps: [
    {
      id: 'list',
      action: 'handler.list',
      if: { any: [{ not: isGiven }, isOneOf(acts.list)] },
      with: { named: wholeName },
    },
    ...(['on', 'off'] as const).map(id => ({
      id,
      action: 'handler.switch',
      if: isOneOf(acts[id]),
      with: { handler: wholeName, on: id === 'on' },
    })),
    {
      id: 'run',
      action: 'handler.run',
      if: isOneOf(acts.run),
      with: { handler: '{{ args.name }}', customer: '{{ args.more }}' },
    },
    {
      id: 'why',
      action: 'handler.explain',
      if: isOneOf(acts.why),
      with: { customer: wholeName },
    },
    {
      id: 'answer',
      action: 'reply',
      if: { any: [{ not: isGiven }, isOneOf(known)] },
      with: {
        text: '{{ steps.list.output.text }}{{ steps.on.output.text }}{{ steps.off.output.text }}{{ steps.run.output.text }}{{ steps.why.output.text }}',
      },
    },
    {
      id: 'usage',
      action: 'reply',
      if: { all: [isGiven, { not: isOneOf(known) }] },
      with: {
        text: '没看懂“{{ args.act }}”。可以发：\n处理器 列表 [名字]\n处理器 开 <名字>\n处理器 关 <名字>\n处理器 运行 <名字> [客户]\n处理器 为什么 <客户>',
      },
    },
  ],
}

/**
 * What every corp starts with, as the documents that are seeded: the commands, and a welcome to begin from. Operations
 * may rename, re-alias, restrict or switch off any of them; a release changes only those that nobody has edited.
 */
export const builtInHandlers: readonly Record<string, unknown>[] = [
  command(
    'command-help',
    '帮助',
    {
      command: '帮助',
      aliases: ['help', '?', '命令', '菜单'],
      args: [{ name: 'command', title: '命令名', type: 'word', required: false }],
      summary: '看看我会做什么',
      example: '帮助 标签',
    },
    10,
    'help.show',
    { command: '{{ args.command }}' },
  ),
  command(
    'command-customer',
    '查客户',
    {
      command: '客户',
      aliases: ['查客户', 'kh'],
      args: [{ name: 'customer', title: '名字', type: 'rest' }],
      summary: '看客户资料、标签和最近跟进',
      example: '客户 张三',
    },
    20,
    'customer.show',
    { customer: '{{ args.customer }}' },
  ),
  command(
    'command-tag',
    '打标签',
    {
      command: '标签',
      aliases: ['打标签', 'bq'],
      args: [
        { name: 'customer', title: '名字', type: 'word' },
        { name: 'tags', title: '标签', type: 'tags' },
      ],
      summary: '给客户加标签、去标签',
      example: '标签 张三 +VIP -低意向',
    },
    30,
    'customer.tag',
    { customer: '{{ args.customer }}', add: '{{ args.tags.add }}', remove: '{{ args.tags.remove }}' },
  ),
  command(
    'command-note',
    '写跟进',
    {
      command: '跟进',
      aliases: ['记录', 'gj'],
      args: [
        { name: 'customer', title: '名字', type: 'word' },
        { name: 'text', title: '内容', type: 'rest' },
      ],
      summary: '记一笔跟进',
      example: '跟进 张三 明天下午回访报价',
    },
    40,
    'customer.note',
    { customer: '{{ args.customer }}', text: '{{ args.text }}' },
  ),
  command(
    'command-script',
    '找话术',
    {
      command: '话术',
      aliases: ['找话术', 'hs'],
      args: [{ name: 'query', title: '关键词', type: 'rest' }],
      summary: '按关键词或拼音首字母找话术',
      example: '话术 退款',
    },
    50,
    'script.find',
    { query: '{{ args.query }}' },
  ),
  command(
    'command-today',
    '今日小结',
    { command: '今日', aliases: ['今天', '日报', 'jr'], summary: '今天新增、流失和待跟进', example: '今日' },
    60,
    'report.show',
    {},
  ),
  handlersCommand,
  command(
    'command-pause',
    '暂停全部处理器',
    {
      command: '暂停',
      aliases: ['zt'],
      roles: ['admin'],
      summary: '除命令外的处理器全部停下',
      example: '暂停',
    },
    80,
    'handler.pause',
    { paused: true },
  ),
  command(
    'command-resume',
    '恢复全部处理器',
    { command: '恢复', aliases: ['hf'], roles: ['admin'], summary: '结束暂停', example: '恢复' },
    90,
    'handler.pause',
    { paused: false },
  ),
  // Switched off: what a company says to its customers is for the company to write.
  {
    schemaVersion: 1,
    key: 'welcome-new-customer',
    title: '欢迎新客户（示例）',
    enabled: false,
    trigger: { event: 'customer.added' },
    priority: 1000,
    steps: [
      {
        id: 'welcome',
        action: 'welcome.send',
        with: { text: '{{ customer.name | default: "您好" }}，我是{{ staff.name }}，很高兴认识您！' },
      },
    ],
  },
]

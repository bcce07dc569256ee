import type { SdkTrouble } from '../sdk-error.ts'

/** Scripts, materials, and sending them. */
export const scriptTexts = {
  search: '搜话术：词、拼音、首字母都行',
  all: '全部',
  label: '话术列表',
  parts: (count: number) => `${count} 条`,
  withPicture: '含图片',
  withLink: '含链接',
  found: (count: number) => `找到 ${count} 条`,
  sendIt: (title: string) => `发送话术：${title}`,
  copyIt: (title: string) => `复制话术：${title}`,
  sendAll: (count: number) => (count > 1 ? `全部发送（${count} 条）` : '发送'),
  sendPart: (part: number) => `发送第 ${part} 条`,
  copyPart: (part: number) => `复制第 ${part} 条`,
  copyAll: '复制全部文字',
  words: '话术',
} as const

export const materialTexts = {
  search: '搜素材：词、拼音、首字母都行',
  label: '素材列表',
  kinds: { text: '文字', image: '图片', link: '链接', video: '视频', file: '文件' },
  found: (count: number) => `找到 ${count} 个`,
  sendIt: (title: string) => `发送素材：${title}`,
  open: '打开链接',
  copyText: '复制文字',
  copyLink: '复制链接',
  words: '素材',
  link: '链接',
} as const

export const sendTexts = {
  preparing: '准备发送',
  sending: (part: number, total: number) => (total > 1 ? `发送中 ${part}/${total}` : '发送中'),
  sent: (total: number) => (total > 1 ? `已发送 ${total} 条` : '已发送'),
  notReady: (reason: string) => `没发出去：${reason}`,
  failed: (reason: string) => `没发出去：${reason}`,
  partFailed: (part: number, reason: string) => `第 ${part} 条没发出去：${reason}`,
  fromHere: '从这里重试',
  unrecorded: '发送记录没存上',
} as const

/** Why the client did not send. */
export const refusalTexts = {
  no_permission: '没有发送权限，请找管理员开通',
  not_supported: '企业微信版本太旧，请升级',
  wrong_entry: '当前聊天不能发送',
  other_chat: '聊天已经切换，剩下的没有发',
  unsigned: '没拿到签名，稍后再试',
  bad_signature: '应用签名没通过，请找管理员检查',
  cancelled: '已取消发送',
  no_answer: '企业微信没有回应，先看看聊天里有没有发出',
  failed: '企业微信没发成功',
} as const satisfies Record<SdkTrouble, string>

/** Editing a customer. */
export const tagTexts = {
  searchTags: '搜标签',
  noTagFound: '没有这个标签',
  noTagsAtAll: '企业还没有设置标签',
  chosen: (count: number) => (count === 0 ? '未选择' : `已选 ${count} 个`),
  save: '保存',
} as const

export const remarkTexts = { save: '保存', cancel: '取消' } as const

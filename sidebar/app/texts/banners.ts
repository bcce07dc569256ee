/** Above what is shown. `who` is the colleague whose customer it is. */
export const bannerTexts = {
  platform: () => '企业微信暂时没有响应，改动先存不了',
  active: (who: string) => `这是${who}的客户，只能查看`,
  removed: () => '你已删除这位客户，资料只能查看',
  lost: () => '客户已把你删除，资料只能查看',
} as const

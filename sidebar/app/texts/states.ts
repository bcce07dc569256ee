/** What is said in the place of a view. */
export const stateTexts = {
  logged_out: { title: '登录已过期', text: '重新登录后接着用，没存的跟进还在。', action: '重新登录' },
  outside: {
    title: '在企业微信里打开才能看客户',
    text: '打开和客户的聊天，点右侧工具栏里的企微助手。话术和素材在这里也能查、能复制。',
    action: '看话术',
  },
  wrong_entry: {
    title: '这里没有客户',
    text: '请从客户聊天或客户群的工具栏打开企微助手。',
    action: '看话术',
  },
  no_answer: {
    title: '企业微信没有回应',
    text: '还不知道现在打开的是哪个聊天。',
    action: '重试',
  },
  refused: {
    title: '没能读取这个聊天',
    text: '企业微信没有放行，多半是应用权限没配好。把下面的信息发给管理员就行。',
    action: '重试',
  },
  asking: { title: '正在从企业微信读取这位客户', text: '刚加的客户要等一两秒。', action: '' },
  not_synced: {
    title: '还没有这位客户的资料',
    text: '企业微信那边也没读到。刚加的客户请稍等再试。',
    action: '重试',
  },
  not_yours: {
    title: '这位客户不在你名下',
    text: '资料只有跟进的同事和主管能看。话术和素材照常能用。',
    action: '看话术',
  },
  not_your_group: { title: '你看不了这个群', text: '群资料只有群里的同事和主管能看。', action: '重试' },
  offline: { title: '网络断开了', text: '连上以后会自动打开。', action: '重试' },
  platform_failing: {
    title: '企业微信暂时没有响应',
    text: '资料要从企业微信读，过一会儿再试。',
    action: '重试',
  },
  failed: { title: '没加载出来', text: '我们这边出了点问题，再试一次通常就好。', action: '重试' },
  crashed: { title: '页面出错了', text: '重新打开就好，没存的跟进还在。', action: '重新打开' },
  no_scripts: { title: '还没有话术', text: '运营同事添加以后会出现在这里。', action: '' },
  no_materials: { title: '还没有素材', text: '运营同事添加以后会出现在这里。', action: '' },
  none_found: { title: '没找到', text: '换个词，或者只打拼音首字母试试。', action: '清空搜索' },
} as const

export const adminTexts = {
  open: '给管理员看',
  errMsg: '返回信息',
  url: '页面地址',
  what: '错误信息',
  copy: '复制',
} as const

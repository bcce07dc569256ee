/** Where a login begins. */
export interface LoginRequest {
  corpId: string
  agentId: string
  /** `/oauth/callback` of our own origin. */
  redirectUri: string
  state: string
  /** In place of both hosts of the public platform. */
  base?: string
}

/** The silent authorization inside a WeCom client (`path/91022`): parameters in the documented order. */
export function clientLoginAddress(request: LoginRequest): string {
  const query = new URLSearchParams([
    ['appid', request.corpId],
    ['redirect_uri', request.redirectUri],
    ['response_type', 'code'],
    ['scope', 'snsapi_base'],
    ['state', request.state],
    ['agentid', request.agentId],
  ])
  return `${hostOf(request, 'https://open.weixin.qq.com')}/connect/oauth2/authorize?${query}#wechat_redirect`
}

/** The login page for any other browser (`path/98152`). */
export function browserLoginAddress(request: LoginRequest): string {
  const query = new URLSearchParams([
    ['login_type', 'CorpApp'],
    ['appid', request.corpId],
    ['agentid', request.agentId],
    ['redirect_uri', request.redirectUri],
    ['state', request.state],
    ['lang', 'zh'],
  ])
  return `${hostOf(request, 'https://login.work.weixin.qq.com')}/wwlogin/sso/login?${query}`
}

function hostOf({ base }: LoginRequest, official: string): string {
  return (base ?? official).replace(/\/+$/, '')
}

const home = '/sidebar/'

/** Where a login leads to: a path of our own with its query, and nothing that a browser takes for another host. */
export function safeReturn(path: unknown): string {
  if (typeof path !== 'string' || path.length > 1024) return home
  const local = /^\/(?![/\\])[^\\\p{Cc}\s]*$/u.test(path)
  return local && !path.startsWith('/oauth/') ? path : home
}

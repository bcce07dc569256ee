import { createLimitStore } from '../models/limit-store.ts'
import type { Models } from '../models/models.ts'
import type { SecretBox } from '../models/secrets.ts'
import { createTokenStore } from '../models/token-store.ts'
import { createWecom, type Wecom, type WecomOptions } from './wecom/client.ts'

/**
 * The platform as every process of an installation speaks with it: tokens and limits are those of all of them.
 *
 * @param apiBase the public platform where it is missing
 */
export function openPlatform(
  models: Pick<Models, 'tokens' | 'limits'>,
  secrets: SecretBox,
  apiBase: string | undefined,
  watch: Omit<WecomOptions, 'apiBase' | 'store' | 'limits'>,
): Wecom {
  return createWecom({
    ...watch,
    ...(apiBase !== undefined && { apiBase }),
    store: createTokenStore(models.tokens, secrets),
    limits: createLimitStore(models.limits),
  })
}

import type { Models } from '../../models/models.ts'
import { askCustomer, type CustomerAnswer } from '../actions/read-customer.ts'
import type { BotEvent } from '../events/parse.ts'
import { createKept } from '../kept.ts'
import type { AppClient } from '../wecom/client.ts'
import type { DispatchDeps } from './deps.ts'

/** An answer whose event's turn does not come for a minute is asked for anew. */
const answers = createKept<CustomerAnswer>(60_000)

/**
 * Asks the platform for an event's customer before the event's turn, once. The answer is kept for the turn, which
 * stores it: it is neither asked for nor written twice. @throws as `askCustomer`
 */
export function askEarly(
  { models, clock }: Pick<DispatchDeps, 'models' | 'clock'>,
  client: AppClient,
  event: BotEvent,
): Promise<CustomerAnswer> {
  const { id, externalUserid = '' } = event
  return answers.get(models, id, () => askCustomer({ client, clock }, externalUserid, id))
}

/** What the platform answered early about an event's customer; undefined where it was not asked, or gave no answer. */
export async function takeEarly(models: Models, eventId: string): Promise<CustomerAnswer | undefined> {
  // Why it failed was told to whoever asked; here it only means to ask again.
  return answers.take(models, eventId)?.catch(() => undefined)
}

import type { BotEvent } from '../events/parse.ts'
import type { AppClient } from '../wecom/client.ts'
import { WecomError } from '../wecom/errors.ts'

/** Cards whose buttons can be replaced by a word (`path/94888`). */
const withButtons: readonly string[] = ['button_interaction', 'vote_interaction', 'multiple_interaction']

/** The code is used or older than 72 hours: somebody has updated the card already, or nobody can any more. */
const OVER = 60140

/** `no_buttons`: a card, or its menu, on which nothing can be replaced; `over`: the code is used or has run out. */
export type CardUpdate = 'updated' | 'over' | 'no_buttons'

/**
 * Shows whoever clicked that the click was heard: the card's buttons give way to a word (`path/94888`), in that member's
 * chat alone. Each click brings a code for one update. Calling it again for the same click changes nothing.
 *
 * @param client of the app that sent the card
 * @throws as `AppClient.call`, but not for a code that is over
 */
export async function updateCard(
  client: Pick<AppClient, 'call' | 'agentId'>,
  event: BotEvent<'card.clicked'>,
  { replaceName = '已处理', signal }: { replaceName?: string; signal?: AbortSignal } = {},
): Promise<CardUpdate> {
  const { responseCode, cardType, fromMenu } = event.data
  const { userid } = event
  if (fromMenu || responseCode === '' || userid === undefined || !withButtons.includes(cardType))
    return 'no_buttons'
  try {
    await client.call(
      'message/update_template_card',
      {
        userids: [userid],
        agentid: Number(client.agentId),
        response_code: responseCode,
        button: { replace_name: replaceName },
      },
      { cause: event.id, ...(signal && { signal }) },
    )
    return 'updated'
  } catch (error) {
    if (error instanceof WecomError && error.errcode === OVER) return 'over'
    throw error
  }
}

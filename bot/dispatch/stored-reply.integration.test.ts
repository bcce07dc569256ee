import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { createReplySlots } from './reply-slots.ts'
import { awaitReply } from './stored-reply.ts'

/** The models of a database that is away: every look fails at once. */
async function modelsOfOneThatIsAway() {
  const { models, connection } = await openTestDatabase()
  await connection.dropDatabase()
  await connection.close()
  await expect(models.inbox.findById('e1').lean()).rejects.toThrow()
  return models
}

describe('the answer to a message that came before', () => {
  it('comes although the inbox could not be asked meanwhile', async () => {
    const replies = createReplySlots()
    replies.open('e1')
    const answer = awaitReply({ models: await modelsOfOneThatIsAway(), replies }, 'e1', 60_000)
    // Some looks later.
    await delay(350)
    expect(replies.reserve('e1')).toBe(true)
    replies.settle('e1', '好的')
    expect(await answer).toBe('好的')
  })

  it('is given up at the end of the budget, when the inbox cannot tell whether there is one', async () => {
    const replies = createReplySlots()
    const models = await modelsOfOneThatIsAway()
    const began = performance.now()
    // The response is closed already, by another connection of the message.
    await expect(awaitReply({ models, replies }, 'e1', 300)).rejects.toThrow()
    expect(performance.now() - began).toBeGreaterThanOrEqual(300)
  })
})

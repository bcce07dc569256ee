import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { openTestDatabase } from '../fixtures/test/open-database.ts'

it('an operation that meets a connection which has just been lost ends', async () => {
  const sockets = new Set<Socket>()
  const collect = (message: unknown): void => void sockets.add((message as { socket: Socket }).socket)
  subscribe('net.client.socket', collect)
  const { models, close } = await openTestDatabase()
  const { locks } = models
  try {
    for (let round = 0; round < 5; round += 1) {
      const write = () => locks.updateOne({ _id: 'a' }, { $set: { owner: 'b' } }, { upsert: true }).exec()
      await Promise.allSettled(Array.from({ length: 8 }, write))
      expect(sockets.size).toBeGreaterThan(1)
      // Until the next turn of the loop nobody tells the driver.
      for (const socket of sockets) socket.destroy()
      sockets.clear()
      const ends = await Promise.allSettled([write(), locks.findById('a').lean().exec(), write()])
      for (const end of ends)
        if (end.status === 'rejected') expect(end.reason).toMatchObject({ name: /^Mongo.*Error$/ })
    }
  } finally {
    unsubscribe('net.client.socket', collect)
    await close()
  }
})

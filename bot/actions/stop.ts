import { z } from 'zod'
import { defineAction } from './define.ts'

/** Ends the run. It only says so: what has been stored of it is what stops, also when the event is tried again. */
export const stop = defineAction({
  id: 'stop',
  title: '到此为止',
  summary: 'Ends the run here: later steps are left out. Give it an `if`, or it is always the end.',
  output: z.strictObject({ all: z.boolean().describe('Whether later handlers are kept from the event') }),
  effect: 'read',
  idempotent: true,
  params: z.strictObject({
    all: z.boolean().default(false).describe('Keep later handlers from the event as well'),
  }),
  async run(_context, { all }) {
    return { all }
  },
})

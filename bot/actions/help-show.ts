import { z } from 'zod'
import { helpFor, helpOverview } from '../commands/help.ts'
import { defineAction } from './define.ts'

/** 帮助: the commands that the asker may use, or one of them in full. */
export const helpShow = defineAction({
  id: 'help.show',
  title: '帮助',
  summary: 'The commands that the asker may use, or one of them.',
  output: z.object({ text: z.string().describe('In Chinese') }),
  effect: 'read',
  needs: ['staff'],
  idempotent: true,
  params: z.strictObject({
    command: z.string().optional().describe('This one in full; all of them where left out'),
  }),
  run: async (context, { command }) => {
    const commands = context.commands()
    return { text: command === undefined ? helpOverview(commands) : await helpFor(commands, command) }
  },
})

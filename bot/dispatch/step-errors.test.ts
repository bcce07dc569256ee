import { expect, it } from 'vitest'
import { z } from 'zod'
import { errorOf } from './step-errors.ts'

it('keeps of parameters that do not fit where and why, in one line', () => {
  const params = z.strictObject({
    to: z.array(z.string().refine(() => false, 'is no userid')),
    text: z.string(),
  })
  const { error } = params.safeParse({ to: ['x'], text: 3 })
  expect(errorOf(error)).toEqual({
    code: 'params_unfit',
    message: 'to.0 is no userid; text Invalid input: expected string, received number',
  })
})

it('keeps what an error says of itself', () => {
  expect(errorOf(new Error('odd'))).toEqual({ code: 'unexpected', message: 'odd' })
})

import { mongo } from 'mongoose'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { DatabaseSlowError } from '../../models/in-time.ts'
import type { RunStep } from '../../models/run.ts'
import type { CompiledStep } from '../handlers/compile.ts'
import { errorOf, judge } from './step-errors.ts'
import { watchWire } from './wire-watch.ts'

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

const away = new mongo.MongoNetworkError('read ECONNRESET')
const passedOn = new mongo.MongoServerError({ code: 10107, errorLabels: ['RetryableWriteError'] })
const slow = new DatabaseSlowError(1_000)
const refused = new mongo.MongoServerError({ code: 2, errmsg: 'bad value' })
it.each([
  ['counts no attempt of an idempotent step that met an outage', away, true, 'pending', 2],
  ['counts none that met a database which passed its office on', passedOn, true, 'pending', 2],
  ['counts none that met one which did not answer in time', slow, true, 'pending', 2],
  ['counts those that the database refused', refused, true, 'failed', 3],
  ['counts those that may have done what must not be done twice', away, false, 'failed', 3],
])('%s', (_what, error, idempotent, state, attempts) => {
  const record: RunStep = { id: 'tag', action: 'customer.tag', state: 'pending', attempts: 3 }
  const wire = watchWire(new AbortController().signal)
  judge(error, {} as CompiledStep, record, { idempotent, wire })
  expect(record).toMatchObject({ state, attempts })
})

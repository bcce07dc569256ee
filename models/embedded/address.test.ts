import { expect, it } from 'vitest'
import { addressUri, withDatabase } from './address.ts'

it('puts the database name between the socket and the options', () => {
  const uri = addressUri({ socket: '/tmp/a b/x.sock' })
  expect(uri).toBe('mongodb://%2Ftmp%2Fa%20b%2Fx.sock/?directConnection=true')
  expect(withDatabase(uri, 'sidekick')).toBe(
    'mongodb://%2Ftmp%2Fa%20b%2Fx.sock/sidekick?directConnection=true',
  )
})

it('writes a port of this machine', () => {
  expect(addressUri({ port: 27017 })).toBe('mongodb://127.0.0.1:27017/?directConnection=true')
})

import { mongo } from 'mongoose'
import { DatabaseSlowError } from './in-time.ts'

const away = [
  mongo.MongoNetworkError,
  mongo.MongoServerSelectionError,
  mongo.MongoNotConnectedError,
  DatabaseSlowError,
]

/**
 * The database could not be reached, did not answer in time, or was about to end or to pass its office on when it was
 * asked: it says nothing against what was asked, which may pass next time. The driver has tried once more before.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (away.some(kind => error instanceof kind)) return true
  return error instanceof mongo.MongoServerError && error.hasErrorLabel('RetryableWriteError')
}

import { mongo } from 'mongoose'

/**
 * The database could not be reached, or was about to end or to pass its office on when it was asked: it says nothing
 * against what was asked, which may pass next time. The driver has tried once more before.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof mongo.MongoNetworkError || error instanceof mongo.MongoServerSelectionError)
    return true
  return error instanceof mongo.MongoServerError && error.hasErrorLabel('RetryableWriteError')
}

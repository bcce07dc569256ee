import type { SchemaOptions } from 'mongoose'

/** What every collection of ours has in common: no version key, nothing created or indexed outside the migrations. */
export const plain = {
  versionKey: false,
  minimize: false,
  autoIndex: false,
  autoCreate: false,
} satisfies SchemaOptions

/**
 * For what an acknowledgement or an effect on a customer rests on (inbox, ledger, runs): written to the journal of a
 * majority and read from the primary, whatever the connection string says.
 */
export const durable = {
  ...plain,
  writeConcern: { w: 'majority', j: true },
  read: 'primary',
} satisfies SchemaOptions

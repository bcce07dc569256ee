import type { Model } from 'mongoose'
import { type Lock, releaseLock, takeLock } from '../models/lock.ts'
import { isGone } from '../models/process-name.ts'

/** A worker that has not been heard of for this long is dead, in milliseconds. */
export const presenceMs = 15_000

/** How often a worker says that it is there, in milliseconds. */
export const beatMs = 4_000

const prefix = 'worker:'

/** Says that this worker is there, for `presenceMs` from now. */
export async function beat(locks: Model<Lock>, worker: string): Promise<void> {
  await takeLock(locks, prefix + worker, worker, presenceMs)
}

/** Says that this worker, or one that was found dead, is no longer there. */
export async function leave(locks: Model<Lock>, worker: string): Promise<void> {
  await releaseLock(locks, prefix + worker, worker)
}

/** The workers that said so and have not left: those who are there, and those who died, as far as that can be told. */
export async function listWorkers(locks: Model<Lock>): Promise<{ alive: string[]; dead: string[] }> {
  // `;` follows `:`, so this is every name with the prefix. Only the database's clock tells whose time is over.
  const found = await locks.aggregate<{ owner: string; heard: boolean }>([
    { $match: { _id: { $gte: prefix, $lt: 'worker;' } } },
    { $project: { owner: 1, heard: { $gt: ['$until', '$$NOW'] } } },
  ])
  const alive = found.filter(({ heard, owner }) => heard && !isGone(owner))
  const dead = found.filter(worker => !alive.includes(worker))
  return { alive: alive.map(({ owner }) => owner), dead: dead.map(({ owner }) => owner) }
}

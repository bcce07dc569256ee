import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Model } from 'mongoose'
import { type Lock, releaseLock, takeLock } from '../models/lock.ts'

/** A worker that has not been heard of for this long is dead, in milliseconds. */
export const presenceMs = 15_000

/** How often a worker says that it is there, in milliseconds. */
export const beatMs = 4_000

const prefix = 'worker:'

/** A name for this worker that no other one has or had; it tells where the process is, see `isGone`. */
export function workerName(): string {
  return `${hostname()}:${process.pid}:${processSpace() ?? '-'}:${randomUUID().slice(0, 8)}`
}

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
  const now = Date.now()
  // `;` follows `:`, so this is every name with the prefix.
  const found = await locks.find({ _id: { $gte: prefix, $lt: 'worker;' } }).lean()
  const here = processSpace()
  const alive = found.filter(({ until, owner }) => until.getTime() > now && !isGone(owner, here))
  const dead = found.filter(lock => !alive.includes(lock))
  return { alive: alive.map(({ owner }) => owner), dead: dead.map(({ owner }) => owner) }
}

/**
 * True when the worker ran where we can see processes, and its process has ended: its jobs need not wait until it has
 * not been heard of for long enough.
 */
function isGone(worker: string, here: string | undefined): boolean {
  const [, pid, space] = worker.split(':')
  if (here === undefined || space !== here) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/**
 * Within what a process id means one process: this start of this machine, and the container where there is one. Undefined
 * where the system doesn't tell.
 */
function processSpace(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
  const namespace = readlinkSync('/proc/self/ns/pid')
  return createHash('sha256').update(`${boot}${namespace}`).digest('hex').slice(0, 12)
}

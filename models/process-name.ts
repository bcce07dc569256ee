import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** A name for this process that no other one has or had; it tells where the process is, see `isGone`. */
export function processName(): string {
  return `${hostname()}:${process.pid}:${processSpace() ?? '-'}:${randomUUID().slice(0, 8)}`
}

/**
 * True when the named process ran where we can see processes, and has ended. A name whose place cannot be seen from
 * here is never called gone; leases tell then.
 */
export function isGone(name: string): boolean {
  const [, pid, space] = name.split(':')
  const here = processSpace()
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

import type { Ask, LimitStore, Rest } from './store.ts'

interface Bucket {
  level: number
  at: number
  rest?: Rest & { until: number }
}

/** Counts in this process alone, by its own clock. A bucket starts full. */
export function createMemoryLimits(): LimitStore {
  const buckets = new Map<string, Bucket>()
  const members = new Map<string, number[]>()
  const sentTo = (member: string): number[] => members.get(member) ?? []
  const nextAfter = (sent: readonly number[]): number => Math.max(Date.now(), ...sent.map(at => at + 1))

  return {
    async take(name, ask) {
      const bucket = refilled(name, ask)
      const { rest } = bucket
      const restMs = (rest?.until ?? 0) - bucket.at
      const granted = restMs > 0 ? 0 : Math.max(0, Math.min(ask.want, Math.floor(bucket.level - ask.keep)))
      bucket.level -= granted
      const { level } = bucket
      if (rest === undefined || restMs <= 0) return { granted, level, instances: 1 }
      const { errcode, errmsg } = rest
      return { granted, level, instances: 1, rest: { ms: restMs, errcode, errmsg } }
    },
    async rest(name, { ms, errcode, errmsg }, mostMs) {
      const now = performance.now()
      const bucket = buckets.get(name) ?? { level: 0, at: now }
      buckets.set(name, bucket)
      const last = bucket.rest
      if (last !== undefined && last.until > now) return { ...last, ms: last.until - now }
      const again = last !== undefined && now - last.until < mostMs
      const time = again ? Math.min(2 * last.ms, mostMs) : ms
      bucket.rest = { ms: time, errcode, errmsg, until: now + time }
      return { ms: time, errcode, errmsg }
    },
    async claim(member, windows) {
      const now = Date.now()
      const longest = Math.max(...windows.map(({ ms }) => ms))
      const sent = sentTo(member).filter(at => at > now - longest)
      members.set(member, sent)
      const full = windows.some(({ ms, most }) => sent.filter(at => at > now - ms).length >= most)
      if (full) return { ages: sent.map(at => now - at) }
      const at = nextAfter(sent)
      sent.push(at)
      return { at: new Date(at) }
    },
    async unclaim(member, at) {
      const rest = sentTo(member).filter(one => one !== at.getTime())
      members.set(member, rest)
    },
    async settle(member, at) {
      const sent = sentTo(member)
      const later = nextAfter(sent)
      members.set(
        member,
        sent.map(one => (one === at.getTime() ? later : one)),
      )
    },
    // There is no other instance to wait for: the calls of one record are in order within the process.
    hold: async () => true,
    release: async () => {},
  }

  function refilled(name: string, { rate }: Ask): Bucket {
    const now = performance.now()
    const bucket = buckets.get(name) ?? { level: rate.burst, at: now }
    buckets.set(name, bucket)
    bucket.level = Math.min(rate.burst, bucket.level + ((now - bucket.at) / 1000) * rate.perSecond)
    bucket.at = now
    return bucket
  }
}

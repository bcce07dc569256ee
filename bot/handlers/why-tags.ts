import type { Run, RunStep } from '../../models/run.ts'
import { type Finding, finding } from './why-codes.ts'
import { stepsOf } from './why-past.ts'
import type { Records } from './why-read.ts'
import type { Add } from './why-relations.ts'
import { fateOf } from './why-step.ts'

/** What became of each step that was to mark tags for this add, the oldest run first. */
export function explainTags(add: Add, records: Records): Finding[] {
  return add.runs.flatMap(run =>
    run.steps
      .filter(step => step.action === 'customer.tag' && adds(run, step, records))
      .map(step => ofStep(run, step, add, records)),
  )
}

/** Whether the step was to add tags, and not only to take some off. */
function adds(run: Run, step: RunStep, { handlers }: Records): boolean {
  const past = handlers.find(({ key }) => key === run.handler)
  const document = past?.revisions.find(({ revision }) => revision === run.revision)?.document
  return stepsOf(document ?? {}).find(({ id }) => id === step.id)?.adds ?? true
}

function ofStep(run: Run, step: RunStep, add: Add, records: Records): Finding {
  const of = { handler: run.handler, step: step.id }
  const fate = fateOf(run, step)
  switch (fate.fate) {
    case 'done':
      return ofDone(step, of, add, records)
    case 'dry_run':
      return finding('tag_dry_run', 'tag', { ...of, ...wouldOf(step) })
    case 'failed': {
      const { trouble } = fate
      if (trouble.code === 'tag_unknown') return finding('tag_unknown', 'tag', { ...of, trouble })
      if (trouble.code === 'tag_ambiguous') return finding('tag_ambiguous', 'tag', { ...of, trouble })
      return finding('tag_failed', 'tag', { ...of, trouble })
    }
    case 'left':
      return finding('tag_left', 'tag', { ...of, trouble: fate.trouble })
    case 'not_reached':
      return finding('tag_not_reached', 'tag', { ...of, by: fate.by, trouble: fate.trouble })
    case 'if_false':
      return finding('tag_if_false', 'tag', { ...of, why: fate.why })
    case 'uncertain':
      return finding('tag_uncertain', 'tag', { ...of, ...(fate.trouble && { trouble: fate.trouble }) })
    case 'retrying':
    case 'pending': {
      const trouble = 'trouble' in fate && fate.trouble ? { trouble: fate.trouble } : {}
      return finding('tag_retrying', 'tag', { ...of, attempts: step.attempts, ...trouble })
    }
    default:
      return finding(plain[fate.fate], 'tag', of)
  }
}

/** Fates of which there is no more to tell. */
const plain = {
  awaits: 'tag_awaits',
  cooldown: 'tag_cooldown',
  stopped: 'tag_stopped',
  too_late: 'tag_too_late',
} as const

function wouldOf({ would }: RunStep): { would?: string } {
  return would === undefined ? {} : { would: JSON.stringify(would).slice(0, 200) }
}

function ofDone(step: RunStep, of: { handler: string; step: string }, add: Add, { tags }: Records): Finding {
  const { added = [] } = (step.output ?? {}) as { added?: string[] }
  const at = step.startedAt && { at: step.startedAt }
  if (added.length === 0) return finding('tag_held', 'tag', of)
  const held = (add.follow?.tags ?? []).map(id => tags.get(id) ?? '')
  const bears = (name: string): boolean => held.some(one => one === name || one.endsWith(`/${name}`))
  const gone = add.endedAt === undefined ? added.filter(name => !bears(name)) : []
  return gone.length > 0
    ? finding('tag_gone', 'tag', { ...of, gone, ...at })
    : finding('tagged', 'tag', { ...of, added, ...at })
}

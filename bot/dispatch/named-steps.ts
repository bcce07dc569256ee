import type { CompiledStep } from '../handlers/compile.ts'
import { pathsOf } from '../handlers/conditions.ts'

/** What a step names of earlier ones, without `steps`: `['welcome', 'ok']`; empty where a template looks up any by a variable. */
export function namedSteps(step: Pick<CompiledStep, 'if' | 'with'>): string[][] {
  const inCondition = step.if === undefined ? [] : pathsOf(step.if).map(path => path.split('.'))
  const paths = [...step.with.references.map(({ path }) => path), ...inCondition]
  return paths.filter(([root]) => root === 'steps').map(([, ...rest]) => rest)
}

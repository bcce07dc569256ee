import { texts } from '../texts/first.ts'

/** The outlines of what will be here; the same as in index.html, so that nothing jumps. */
export function Skeleton() {
  return (
    <div class="skeleton" role="status" aria-label={texts.loading} data-state="loading">
      <div class="skeleton-head">
        <i class="skeleton-face" />
        <i class="skeleton-line" />
        <i class="skeleton-line skeleton-short" />
      </div>
      <div class="skeleton-block">
        <i class="skeleton-line skeleton-short" />
        <i class="skeleton-line" />
        <i class="skeleton-line" />
      </div>
      <div class="skeleton-block">
        <i class="skeleton-line skeleton-short" />
        <i class="skeleton-line" />
      </div>
    </div>
  )
}

import { texts } from '../texts/first.ts'

export function More(props: { busy: boolean; onMore(): void }) {
  return (
    <button type="button" class="more" disabled={props.busy} onClick={props.onMore}>
      {texts.more}
    </button>
  )
}

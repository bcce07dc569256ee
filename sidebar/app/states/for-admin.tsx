import { copy } from '../components/copy.ts'
import { adminTexts } from '../texts/states.ts'

/** What only an administrator can use, folded away from everybody else. */
export function ForAdmin(props: { errMsg: string; url: string }) {
  const rows = [
    [adminTexts.errMsg, props.errMsg],
    [adminTexts.url, props.url],
  ] as const
  return (
    <details class="for-admin">
      <summary>{adminTexts.open}</summary>
      <dl>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <button
        type="button"
        class="button button-small"
        onClick={() => copy(rows.map(row => row.join('：')).join('\n'), adminTexts.what)}
      >
        {adminTexts.copy}
      </button>
    </details>
  )
}

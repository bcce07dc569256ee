import type { ComponentChildren } from 'preact'
import { texts } from '../texts/first.ts'

/** The whole page, without the tabs. */
export function Alone(props: { children: ComponentChildren }) {
  return (
    <main class="panels">
      <h1 class="off-screen">{texts.title}</h1>
      {props.children}
    </main>
  )
}

import { signal } from '@preact/signals'
import { Component, type ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Boot } from '../api.ts'
import { Alone } from './components/alone.tsx'
import './components/banner.css'
import { Banner } from './components/banner.tsx'
import { LazyView, lazy, preload } from './components/lazy.tsx'
import { Tabs } from './components/tabs.tsx'
import { loggedOut, offline, platformFailing } from './connection.ts'
import { customerOf } from './customer.ts'
import { place } from './place.ts'
import { State } from './states/state.tsx'
import { texts } from './texts/first.ts'
import { toast } from './toast.ts'
import { Here } from './views/here.tsx'
import type { Wecom } from './wecom.ts'

type TabName = 'here' | 'scripts' | 'materials'

const scripts = lazy(async () => (await import('./views/scripts/scripts-view.tsx')).ScriptsView)
const materials = lazy(async () => (await import('./views/materials/materials-view.tsx')).MaterialsView)
const sendBar = lazy(async () => (await import('./components/send-bar.tsx')).SendBar)
const toaster = lazy(async () => (await import('./components/toaster.tsx')).Toaster)

/** Survives a look at another state, like being logged out. */
const tab = signal<TabName>('here')

function loginAddress(): string {
  return `/oauth/login?return=${encodeURIComponent(location.pathname + location.search)}`
}

export function Shell(props: { boot: Boot; wecom: Wecom }) {
  const { boot, wecom } = props
  const [opened, setOpened] = useState<readonly TabName[]>([tab.value])
  const here = place.value
  const [settled, setSettled] = useState(false)
  useEffect(() => preloadLater(() => setSettled(true)), [])
  if (loggedOut.value)
    return (
      <Alone>
        <State name="logged_out" href={loginAddress()} />
      </Alone>
    )

  const choose = (name: TabName) => {
    tab.value = name
    if (!opened.includes(name)) setOpened([...opened, name])
  }
  const customer = here.kind === 'customer' ? here.externalUserid : null
  const shown: Record<TabName, () => ComponentChildren> = {
    here: () => <Here me={boot.me} wecom={wecom} onScripts={() => choose('scripts')} />,
    scripts: () => (
      <LazyView key={customer} view={scripts} with={{ wecom, customer, shown: tab.value === 'scripts' }} />
    ),
    materials: () => <LazyView view={materials} with={{ wecom, shown: tab.value === 'materials' }} />,
  }
  return (
    <Boundary>
      <header>
        <h1 class="off-screen">{texts.title}</h1>
        <Tabs
          label={texts.tabsLabel}
          tabs={[
            { key: 'here', name: here.kind === 'group' ? texts.tabs.group : texts.tabs.customer },
            { key: 'scripts', name: texts.tabs.scripts },
            { key: 'materials', name: texts.tabs.materials },
          ]}
          chosen={tab.value}
          onChoose={choose}
        />
        <Banners />
      </header>
      <main class="panels">
        {opened.map(name => (
          <section
            key={name}
            id={`panel-${name}`}
            class="panel"
            role="tabpanel"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
            tabIndex={0}
            aria-labelledby={`tab-${name}`}
            hidden={name !== tab.value}
          >
            {shown[name]()}
          </section>
        ))}
      </main>
      <div class="bottom">
        {opened.length > 1 && <LazyView quiet view={sendBar} with={{}} />}
        {(settled || toast.value !== null) && <LazyView quiet view={toaster} with={{}} />}
      </div>
    </Boundary>
  )
}

function Banners() {
  const here = place.value
  // Here and not loaded when it is needed: without a network nothing can be.
  if (offline.value)
    return (
      <p class="banner" role="status">
        {texts.offline}
      </p>
    )
  if (!platformFailing.value || here.kind !== 'customer') return null
  const customer = customerOf(here.externalUserid)
  if (customer.profile.value === null) return null
  return <Banner name="platform" onRetry={customer.refresh} />
}

/** The other tabs are one tap away, and a state must be there when the network is not. */
function preloadLater(then: () => void): () => void {
  const timer = setTimeout(() => {
    then()
    // One that could not be loaded would stay so for as long as the page lives.
    if (!offline.value) preload()
  }, 1500)
  return () => clearTimeout(timer)
}

class Boundary extends Component<{ children: ComponentChildren }, { broken: boolean }> {
  constructor() {
    super()
    this.state = { broken: false }
  }

  override componentDidCatch(): void {
    this.setState({ broken: true })
  }

  override render() {
    if (this.state.broken)
      return (
        <Alone>
          <State name="crashed" onAction={() => location.reload()} />
        </Alone>
      )
    return <>{this.props.children}</>
  }
}

/**
 * What there is to open once Sidekick is up, for people.
 *
 * @param url where this process listens
 * @param origin under which people and the platform reach the web role, where it runs
 * @param simulator of the demo: where the simulated platform is
 */
export function startLines(url: string, origin: string | undefined, simulator: string | undefined): string[] {
  if (simulator === undefined) {
    const places =
      origin === undefined
        ? `worker, health under ${url}/readyz`
        : `callback URL ${origin}/callback/app, sidebar ${origin}/sidebar/`
    return [`WeCom Sidekick is ready: ${places}`]
  }
  return [
    `WeCom Sidekick is ready (demo mode, everything on this machine)`,
    `  simulated WeCom   ${simulator}/`,
    ...(origin === undefined ? [] : [`  sidebar           in there, beside every customer chat`]),
    `  callback server   ${url}/readyz`,
  ]
}

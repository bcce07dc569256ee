/** The MongoDB connection string of a socket or port, without a database name. */
export function addressUri(address: { socket: string } | { port: number; host?: string }): string {
  const place =
    'socket' in address
      ? encodeURIComponent(address.socket)
      : `${address.host?.includes(':') ? `[${address.host}]` : (address.host ?? '127.0.0.1')}:${address.port}`
  return `mongodb://${place}/?directConnection=true`
}

/** Puts a database name into a connection string that has none: `mongodb://host/?x` becomes `mongodb://host/name?x`. */
export function withDatabase(uri: string, name: string): string {
  const [place = '', options] = uri.split('/?', 2)
  return `${place}/${encodeURIComponent(name)}${options === undefined ? '' : `?${options}`}`
}

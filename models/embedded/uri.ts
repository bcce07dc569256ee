/** Where a server listens: a Unix socket, or a port of 127.0.0.1. */
export type Address = { readonly socket: string } | { readonly port: number }

/** The MongoDB connection string of an address, without a database name. */
export function addressUri(address: Address): string {
  const place = 'socket' in address ? encodeURIComponent(address.socket) : `127.0.0.1:${address.port}`
  return `mongodb://${place}/?directConnection=true`
}

/** Puts a database name into such a connection string: `mongodb://host/?x` becomes `mongodb://host/name?x`. */
export function withDatabase(uri: string, name: string): string {
  return uri.replace('/?', `/${encodeURIComponent(name)}?`)
}

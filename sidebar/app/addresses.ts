export const apiBase = '/sidebar/api/'

/** Of `GET customers/:externalUserid`. */
export function profilePath(externalUserid: string): string {
  return `${apiBase}customers/${encodeURIComponent(externalUserid)}`
}

/** What an error of a trunk means and what to do about it. Pure. */
import type { Trunk } from '../api/types'

/** Statuses that have a sentence of their own; others share one by their hundred. */
const KNOWN = [0, 401, 403, 404, 408, 503]

/** The key of the sentence. */
export function help(status: number): string {
  if (status === 407) return 'trunk.help_401'
  if (KNOWN.includes(status)) return `trunk.help_${status}`
  return status >= 500 ? 'trunk.help_5xx' : 'trunk.help_4xx'
}

/** Down first, then those that nothing is known of. */
export function inOrder(trunks: readonly Trunk[]): Trunk[] {
  const place = { down: 0, unknown: 1, up: 2 }
  return [...trunks].sort((a, b) => place[a.state] - place[b.state] || a.name.localeCompare(b.name))
}

/** Whether the last error is past. */
export const isOver = ({ state, since, last_error }: Trunk): boolean =>
  state === 'up' && last_error != null && since != null && last_error.at <= since

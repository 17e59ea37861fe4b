import type { Me } from './types'

/** What somebody may do; an older service knows admins only. */
export function may(me: Me, what: string): boolean {
  const { permissions } = me as Me & { permissions?: readonly string[] }
  return permissions?.includes(what) ?? me.role === 'admin'
}

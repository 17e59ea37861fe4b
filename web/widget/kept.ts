/** What is kept in the browser: the chat of this tab, from when it has begun until it is over. No cookie, and nothing of what was said. */
import type { Session } from './client'
import type { Mode } from './options'

const KEY = 'hotline.chat'

export interface Kept extends Session {
  server: string
  mode: Mode
}

export function kept(server: string): Kept | undefined {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Kept | null
    return found?.server === server && typeof found.token === 'string' && typeof found.session === 'string' ? found : undefined
  } catch {
    // Where a browser keeps nothing, the chat goes on until the page is left.
    return undefined
  }
}

export function keep(chat: Kept | undefined): void {
  try {
    if (chat) sessionStorage.setItem(KEY, JSON.stringify(chat))
    else sessionStorage.removeItem(KEY)
  } catch {
    // As above.
  }
}
